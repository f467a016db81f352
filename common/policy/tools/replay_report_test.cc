// What a proposed set would have decided about calls that were audited.
#include "common/policy/tools/replay_report.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/policy/compiled_agreements.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::policy {
namespace {

using audit::v1::AuditEntry;

constexpr absl::CivilDay kDay(2010, 4, 1);

v1::Agreement Plans() {
  v1::Agreement agreement;
  agreement.set_id("plans");
  agreement.set_status(v1::AGREEMENT_STATUS_SIGNED);
  *agreement.mutable_effective_from() = DateToProto(absl::CivilDay(2006, 4, 1));
  v1::Item& item = *agreement.add_items();
  item.set_id("core-group");
  item.mutable_to()->add_agency_kinds(directory::v1::AGENCY_KIND_SCHOOL);
  item.mutable_to()->add_roles(options::v1::ROLE_DESIGNATED_LEAD);
  item.add_purposes(options::v1::PURPOSE_CHILD_PROTECTION_PLANNING);
  item.add_relations(v1::RELATION_CORE_GROUP);
  item.add_records(options::v1::RECORD_KIND_PLAN);
  item.add_categories(options::v1::CATEGORY_PLAN_STATUS);
  item.add_categories(options::v1::CATEGORY_PLAN_CONTENT);
  return agreement;
}

// What audit keeps of a lead who read a plan, or did not.
AuditEntry Read(std::uint32_t relations, const Agreements& agreements) {
  AuditEntry entry;
  entry.set_agency("agencies/uphall");
  entry.set_worker("workers/uphall-lead-01");
  entry.set_role(options::v1::ROLE_DESIGNATED_LEAD);
  entry.set_purpose(options::v1::PURPOSE_CHILD_PROTECTION_PLANNING);
  entry.set_decision(audit::v1::AUDIT_DECISION_DISCLOSED);
  *entry.mutable_domain_time() = TimeToProto(absl::FromCivil(kDay, London()) + absl::Hours(9));
  audit::v1::DecisionInputs& inputs = *entry.add_decisions();
  inputs.set_record_kind(options::v1::RECORD_KIND_PLAN);
  inputs.set_relations(relations);
  inputs.set_agency_kind(directory::v1::AGENCY_KIND_SCHOOL);
  auth::Principal caller;
  caller.agency = entry.agency();
  caller.agency_kind = directory::v1::AGENCY_KIND_SCHOOL;
  caller.role = entry.role();
  Question question;
  question.caller = &caller;
  question.purpose = entry.purpose();
  question.record_kind = inputs.record_kind();
  question.relations = relations;
  question.day = kDay;
  inputs.set_granted(agreements.Decide(question).granted.bits());
  return entry;
}

std::string NameOf(int index) { return absl::StrCat("auditTrees/t/entries/", index); }

TEST(ReplayReportTest, TheSameSetDecidesTheSame) {
  const CompiledAgreements agreements({Plans()}, "1");
  ReplayReport report(&agreements, {});
  for (int i = 0; i < 4; ++i)
    report.Add(NameOf(i), Read(i % 2 == 0 ? std::uint32_t{kCoreGroup} : 0u, agreements));
  EXPECT_EQ(report.entries(), 4);
  EXPECT_EQ(report.decisions(), 4);
  EXPECT_EQ(report.changed_decisions(), 0);
  EXPECT_TRUE(report.changes().empty());
  EXPECT_TRUE(report.calls().empty());
}

TEST(ReplayReportTest, SaysWhatWouldHaveBeenLostAndGained) {
  const CompiledAgreements agreements({Plans()}, "1");
  v1::Agreement other = Plans();
  other.mutable_items(0)->mutable_categories()->Set(1, options::v1::CATEGORY_LEGAL);
  const CompiledAgreements proposed({other}, "2");
  ReplayReport report(&proposed, {});
  for (int i = 0; i < 5; ++i) report.Add(NameOf(i), Read(kCoreGroup, agreements));
  report.Add(NameOf(5), Read(0, agreements));
  EXPECT_EQ(report.decisions(), 6);
  EXPECT_EQ(report.changed_decisions(), 5);
  const std::vector<ReplayChange> changes = report.changes();
  ASSERT_EQ(changes.size(), 2u);
  EXPECT_TRUE(changes[0].gained);
  EXPECT_EQ(changes[0].category, options::v1::CATEGORY_LEGAL);
  EXPECT_EQ(changes[0].rule, "plans/core-group");
  EXPECT_EQ(changes[0].decisions, 5);
  EXPECT_EQ(changes[0].examples.size(), kReplayExamples);
  EXPECT_EQ(changes[0].examples[0], NameOf(0));
  EXPECT_FALSE(changes[1].gained);
  EXPECT_EQ(changes[1].category, options::v1::CATEGORY_PLAN_CONTENT);
  EXPECT_EQ(changes[1].role, options::v1::ROLE_DESIGNATED_LEAD);
  EXPECT_EQ(changes[1].decisions, 5);
}

TEST(ReplayReportTest, CallsThatAreCoveredNoMoreOrAtLast) {
  const CompiledAgreements agreements({Plans()}, "1");
  v1::Agreement ended = Plans();
  *ended.mutable_effective_to() = DateToProto(kDay - 1);
  const CompiledAgreements proposed({ended}, "2");
  ReplayReport lost(&proposed, {});
  lost.Add(NameOf(0), Read(kCoreGroup, agreements));
  ASSERT_EQ(lost.calls().size(), 1u);
  EXPECT_FALSE(lost.calls()[0].gained);

  AuditEntry refused = Read(kCoreGroup, proposed);
  refused.set_decision(audit::v1::AUDIT_DECISION_REFUSED);
  refused.set_reason("AGREEMENT_MISSING");
  refused.clear_decisions();
  ReplayReport gained(&agreements, {{"agencies/uphall", directory::v1::AGENCY_KIND_SCHOOL}});
  gained.Add(NameOf(0), refused);
  ASSERT_EQ(gained.calls().size(), 1u);
  EXPECT_TRUE(gained.calls()[0].gained);
  EXPECT_EQ(gained.calls()[0].calls, 1);

  // What everyone may read of the directory covers calls to it, and no call about children.
  v1::Agreement of_all = Plans();
  of_all.mutable_items(0)->set_relations(0, v1::RELATION_PUBLIC);
  const CompiledAgreements of_the_directory({of_all}, "3");
  ReplayReport about_children(&of_the_directory,
                              {{"agencies/uphall", directory::v1::AGENCY_KIND_SCHOOL}});
  about_children.Add(NameOf(0), refused);
  EXPECT_TRUE(about_children.calls().empty());
  refused.set_action("directory.agencies.list");
  ReplayReport about_nobody(&of_the_directory,
                            {{"agencies/uphall", directory::v1::AGENCY_KIND_SCHOOL}});
  about_nobody.Add(NameOf(0), refused);
  EXPECT_EQ(about_nobody.calls().size(), 1u);

  // Refusals for other reasons say nothing of agreements.
  refused.set_reason("TOKEN_EXPIRED");
  ReplayReport other(&agreements, {});
  other.Add(NameOf(0), refused);
  EXPECT_TRUE(other.calls().empty());
}

TEST(ReplayReportTest, CountsEntriesWithoutInputs) {
  const CompiledAgreements agreements({Plans()}, "1");
  ReplayReport report(&agreements, {});
  AuditEntry old;
  old.add_disclosed(options::v1::CATEGORY_PLAN_STATUS);
  report.Add(NameOf(0), old);
  EXPECT_EQ(report.without_inputs(), 1);
  EXPECT_EQ(report.decisions(), 0);
}

}  // namespace
}  // namespace trusthub::policy
