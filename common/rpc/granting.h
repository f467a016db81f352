// File: granting.h
//
// Step `grant`: what of a response this caller may know, and what audit must say of it. Shared by
// unary calls and streams.
#ifndef TRUSTHUB_COMMON_RPC_GRANTING_H_
#define TRUSTHUB_COMMON_RPC_GRANTING_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/policy/policy.h"
#include "common/rpc/method_table.h"
#include "common/rpc/pipeline.h"
#include "google/protobuf/message.h"
#include "trusthub/audit/v1/entry.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::rpc {

// Whether records of this kind are about no child, so that every agency that takes part may read
// them as far as the agreements say: the directory, the audit log and the sets of agreements. A
// record of another kind without a child (an attendance of a child whom the hub does not know) is
// its owner's and author's alone.
bool IsPublicKind(policy::RecordKind kind);

// One answer's worth of decisions. Not thread-safe; lives as long as the call.
class Granting {
 public:
  // `standing_of` gives the caller's standing with a child; errors are kept and returned by Build.
  Granting(const policy::Agreements& agreements, const auth::Principal& caller,
           options::v1::Purpose purpose, absl::CivilDay day, std::uint32_t call_relations,
           std::function<absl::StatusOr<Standing>(absl::string_view)> standing_of);

  // Copies the granted part of `full` to `out`. `outer_child` is the child that fields outside any
  // record are about; empty for none.
  absl::Status Build(const Method& method, const google::protobuf::Message& full,
                     absl::string_view outer_child, google::protobuf::Message* out);

  int records_given() const { return records_given_; }
  int records_dropped() const { return granted_.records_dropped; }
  // Rows of `withheld`, without categories whose existence is secret.
  void FillWithheld(types::v1::Disclosure* disclosure) const;
  // Records, children (as pseudonyms under `pseudonym_key`), categories and rules.
  void FillEntry(absl::string_view pseudonym_key, audit::v1::AuditEntry* entry) const;
  void AddChild(absl::string_view child);

 private:
  struct Made {
    policy::RecordKind kind;
    std::uint32_t relations;
    std::uint32_t flags;
    policy::Decision decision;
  };
  policy::CategorySet Decide(const policy::RecordFacts& record);
  const policy::Decision& DecisionFor(policy::RecordKind kind, std::uint32_t relations,
                                      std::uint32_t flags);
  policy::Question QuestionOf(const Made& made) const;
  Standing StandingWith(policy::RecordKind kind, absl::string_view child);

  const policy::Agreements& agreements_;
  const auth::Principal& caller_;
  const options::v1::Purpose purpose_;
  const absl::CivilDay day_;
  const std::uint32_t call_relations_;
  std::function<absl::StatusOr<Standing>(absl::string_view)> standing_of_;
  absl::Status error_;
  std::vector<Made> made_;
  std::vector<std::pair<std::string, Standing>> standings_;
  std::vector<std::string> records_;
  int records_given_ = 0;
  policy::Granted granted_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_GRANTING_H_
