// File: paging.h
//
// The page loop of every list, once.
#ifndef TRUSTHUB_COMMON_RPC_PAGING_H_
#define TRUSTHUB_COMMON_RPC_PAGING_H_

#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/rpc/call.h"
#include "google/protobuf/message.h"

namespace trusthub::rpc {

// Fills `records` (a repeated field of the response) and `next_page_token` from one page.
// `list(after_position, size)` returns StatusOr<store::Page<R>>; request has page_size, page_token.
template <class Record, class List>
absl::Status FillPage(Call& call, const google::protobuf::Message& request, List list,
                      google::protobuf::RepeatedPtrField<Record>* records,
                      std::string* next_page_token) {
  const std::string caller = absl::StrCat(call.caller.agency, " ", call.caller.worker);
  TRUSTHUB_ASSIGN_OR_RETURN(const proto::PageStart start,
                            call.page_tokens.Open(request, caller, call.now));
  TRUSTHUB_ASSIGN_OR_RETURN(store::Page<Record> page, list(start.after_position, start.size));
  for (Record& record : page.records) *records->Add() = std::move(record);
  if (page.more) {
    *next_page_token = call.page_tokens.Seal(request, caller, page.last_position, call.now);
  }
  return absl::OkStatus();
}

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_PAGING_H_
