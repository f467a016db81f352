// File: disclosure_rows.h
//
// A line of the audit log as a row of the list of disclosures about one child, as far as one agency
// answers for it: as controller of what was disclosed, or because its own worker received it.
#ifndef TRUSTHUB_COMMON_RPC_DISCLOSURE_ROWS_H_
#define TRUSTHUB_COMMON_RPC_DISCLOSURE_ROWS_H_

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/policy/policy.h"
#include "common/store/transaction.h"
#include "trusthub/audit/v1/disclosure.pb.h"
#include "trusthub/audit/v1/entry.pb.h"
#include "trusthub/internal/v1/projection.pb.h"

namespace trusthub::rpc {

// Not thread-safe; everything it was given outlives it.
class DisclosureRows {
 public:
  DisclosureRows(store::Transaction* tx, const policy::Agreements* agreements, std::string child,
                 const internal::v1::ChildFacts* facts, std::string reader);

  // The row of `entry`, which names the child; nothing when the reader's agency does not answer for
  // any of it, or nothing of the child was told and nobody was refused. Secret kinds of information
  // are named only where the reader's agency answers for all of it, or its own worker was told.
  // Does not fill name, proof and what the subject is told.
  absl::StatusOr<std::optional<audit::v1::LoggedDisclosure>> RowOf(
      const audit::v1::AuditEntry& entry);

 private:
  struct Records {
    std::vector<std::string> readers;            // names that the reader's agency answers for
    std::vector<options::v1::RecordKind> kinds;  // of those
    bool all = true;                             // there are no others
    bool any = false;                            // there are some, whoever's
  };
  absl::StatusOr<Records> RecordsOf(const audit::v1::AuditEntry& entry);
  absl::StatusOr<bool> IsReaders(const std::string& record, Records* records);
  bool IsAboutAny(const std::string& rule, const std::vector<options::v1::RecordKind>& kinds) const;
  void FillKinds(const audit::v1::AuditEntry& entry, const Records& records,
                 audit::v1::LoggedDisclosure* row) const;

  store::Transaction& tx_;
  const policy::Agreements& agreements_;
  const std::string child_;
  const std::string reader_;
  // Whether the reader's agency answers for what the hub itself keeps of the child.
  const bool answers_for_index_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_DISCLOSURE_ROWS_H_
