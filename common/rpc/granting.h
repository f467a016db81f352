// File: granting.h
//
// Step `grant`: what of a response this caller may know, and what audit must say of it. Shared by
// unary calls and streams.
#ifndef TRUSTHUB_COMMON_RPC_GRANTING_H_
#define TRUSTHUB_COMMON_RPC_GRANTING_H_

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/audit/pseudonyms.h"
#include "common/policy/policy.h"
#include "common/rpc/caller_facts.h"
#include "common/rpc/method_table.h"
#include "common/rpc/visibility.h"
#include "google/protobuf/message.h"
#include "trusthub/audit/v1/entry.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::rpc {

// One answer's worth of decisions. Not thread-safe; lives as long as the call.
class Granting final : public Visibility {
 public:
  // `call_relations` are those that the handler established; looked at with each decision. All
  // arguments outlive the granting.
  Granting(const policy::Agreements& agreements, const auth::Principal& caller,
           options::v1::Purpose purpose, absl::CivilDay day, const std::uint32_t& call_relations,
           CallerFacts* facts);

  absl::StatusOr<bool> MayKnow(const policy::RecordFacts& record) override;
  absl::StatusOr<bool> IsConflicted(absl::string_view child) override;

  // Copies the granted part of `full` to `out`. `outer_child` is the child that fields outside any
  // record are about; empty for none.
  absl::Status Build(const Method& method, const google::protobuf::Message& full,
                     absl::string_view outer_child, google::protobuf::Message* out);

  int records_given() const { return records_given_; }
  int records_dropped() const { return granted_.records_dropped; }
  // Whether consent decided something that was given: the answer is then as good as the consent's
  // facts are fresh.
  bool rests_on_consent() const;
  // Rows of `withheld`: of records that the caller may know, without categories whose existence is
  // secret. A record that the caller may not know leaves no row.
  void FillWithheld(types::v1::Disclosure* disclosure) const;
  // Terms of the rules that gave what was disclosed, in the order of their names.
  void FillTerms(types::v1::Disclosure* disclosure) const;
  // Which children an audit entry is about.
  enum class About {
    kAskedFor,  // all that were looked at: a call asks for a child, and is told anything or nothing
    kGiven,     // those that something was given of: a stream looks at everyone's news
  };
  // Records, children (as pseudonyms), categories, rules, and what each decision rested on.
  absl::Status FillEntry(audit::Pseudonyms& pseudonyms, About about,
                         audit::v1::AuditEntry* entry) const;
  // The last part of FillEntry alone: what each decision rested on, and the agreements' version.
  void FillDecisions(audit::v1::AuditEntry* entry) const;
  // The children that FillEntry names.
  std::vector<std::string> Children(About about) const;

 private:
  // One decision and what it rested on. Many records of an answer share one.
  struct Made {
    policy::RecordKind kind;
    policy::Standing standing;  // with the relations to the record
    std::string provider;       // empty unless a rule asks for it
    directory::v1::AgencyKind provider_kind;
    bool is_outer;  // for the fields outside any record
    policy::Decision decision;
  };
  policy::CategorySet Decide(const policy::RecordFacts& record);
  void NoteGiven(const policy::RecordFacts& record);
  policy::CategorySet DecisionFor(policy::RecordKind kind, const policy::Standing& standing,
                                  absl::string_view owner, bool is_outer);
  policy::Question QuestionOf(const Made& made) const;
  policy::Standing StandingWith(policy::RecordKind kind, absl::string_view child);
  const Made* WhoWithheld(policy::Category category) const;

  const policy::Agreements& agreements_;
  const auth::Principal& caller_;
  const options::v1::Purpose purpose_;
  const absl::CivilDay day_;
  const std::uint32_t& call_relations_;
  CallerFacts& facts_;
  absl::Status error_;
  std::deque<Made> made_;
  std::vector<std::string> records_;   // that were given, or that what was given tells of
  std::vector<std::string> children_;  // that records which were given are about, each once
  int records_given_ = 0;
  policy::Granted granted_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_GRANTING_H_
