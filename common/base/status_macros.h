// File: status_macros.h
//
// The two usual status macros. There are no others: common/rpc/routes.h needs none.
#ifndef TRUSTHUB_COMMON_BASE_STATUS_MACROS_H_
#define TRUSTHUB_COMMON_BASE_STATUS_MACROS_H_

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#define TRUSTHUB_STATUS_CONCAT_INNER_(a, b) a##b
#define TRUSTHUB_STATUS_CONCAT_(a, b) TRUSTHUB_STATUS_CONCAT_INNER_(a, b)

// Returns the status of `expr` from this function unless it is OK.
#define TRUSTHUB_RETURN_IF_ERROR(expr)                  \
  do {                                                  \
    if (absl::Status status_ = (expr); !status_.ok()) { \
      return status_;                                   \
    }                                                   \
  } while (false)

// Evaluates `expr`, a StatusOr; returns its status unless OK, else assigns its value to `lhs`.
#define TRUSTHUB_ASSIGN_OR_RETURN(lhs, expr) \
  TRUSTHUB_ASSIGN_OR_RETURN_INNER_(TRUSTHUB_STATUS_CONCAT_(status_or_, __LINE__), lhs, expr)
#define TRUSTHUB_ASSIGN_OR_RETURN_INNER_(result, lhs, expr) \
  auto result = (expr);                                     \
  if (!result.ok()) return std::move(result).status();      \
  lhs = *std::move(result)

#endif  // TRUSTHUB_COMMON_BASE_STATUS_MACROS_H_
