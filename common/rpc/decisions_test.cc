#include "common/rpc/decisions.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "common/audit/entry.h"
#include "common/error/error.h"
#include "common/rpc/decision_name.h"
#include "common/rpc/pipeline_fixture.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::rpc {
namespace {

using policy::v1::ExplainDecisionRequest;
using policy::v1::ExplainDecisionResponse;
using policy::v1::ExplainedCategory;
using policy::v1::ListAccessRequest;
using policy::v1::ListAccessResponse;
using referrals::v1::GetReferralResponse;
using referrals::v1::Referral;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using ::testing::SizeIs;

TEST(DecisionNameTest, IsOneTextForOneEntry) {
  EXPECT_EQ(DecisionName("auditTrees/t", 12), "auditTrees/t/entries/12");
  EXPECT_EQ(EntryIndexOf("auditTrees/t", "auditTrees/t/entries/12"), 12);
  for (const char* other :
       {"", "12", "auditTrees/u/entries/12", "auditTrees/t/entries/012", "auditTrees/t/entries/-1",
        "auditTrees/t/entries/+1", "auditTrees/t/entries/ 1", "auditTrees/t/entries/1x",
        "auditTrees/t/entries/", "auditTrees/t/entries/99999999999999999999", "auditTrees/t/12"}) {
    EXPECT_EQ(EntryIndexOf("auditTrees/t", other), -1) << other;
  }
}

class DecisionsTest : public PipelineFixture {
 protected:
  void SetUp() override {
    PipelineFixture::SetUp();
    AddCaller("Bearer guardian", kCouncil, directory::v1::AGENCY_KIND_COUNCIL,
              options::v1::ROLE_CALDICOTT_GUARDIAN);
    AddCaller("Bearer schools-dpo", kSchool, directory::v1::AGENCY_KIND_SCHOOL,
              options::v1::ROLE_DATA_PROTECTION_OFFICER);
    AddCaller("Bearer hubs-lead", "agencies/trust-hub", directory::v1::AGENCY_KIND_HUB,
              options::v1::ROLE_INFORMATION_GOVERNANCE_LEAD);
    AddCaller("Bearer auditor", "agencies/trust-hub", directory::v1::AGENCY_KIND_HUB,
              options::v1::ROLE_AUDITOR);
    AddCaller("Bearer colleague", kSchool, directory::v1::AGENCY_KIND_SCHOOL,
              options::v1::ROLE_DESIGNATED_LEAD);
  }
  void AddCaller(const std::string& bearer, const std::string& agency,
                 directory::v1::AgencyKind kind, options::v1::Role role) {
    auth::Principal& caller = authenticator_.callers[bearer];
    caller.agency = agency;
    caller.agency_kind = kind;
    caller.worker = "workers/" + bearer.substr(7);
    caller.role = role;
  }
  Answer Explain(const std::string& decision, absl::string_view who = "Bearer school",
                 absl::string_view purpose = "safeguarding_referral") {
    ExplainDecisionRequest request;
    request.set_decision(decision);
    return Run("ExplainDecision", request, who, purpose);
  }
  ExplainDecisionResponse Explained(const std::string& decision,
                                    absl::string_view who = "Bearer school",
                                    absl::string_view purpose = "safeguarding_referral") {
    const Answer answer = Explain(decision, who, purpose);
    EXPECT_THAT(answer.status, IsOk()) << decision;
    return answer.As<ExplainDecisionResponse>();
  }
  static const ExplainedCategory* RowOf(const ExplainDecisionResponse& response,
                                        options::v1::Category category) {
    for (const ExplainedCategory& row : response.categories()) {
      if (row.category() == category) return &row;
    }
    return nullptr;
  }
  // The decision of the newest entry but `back`.
  std::string Last(std::size_t back = 0) {
    return DecisionName("auditTrees/test", static_cast<std::int64_t>(Log().size() - 1 - back));
  }
  std::string Append(audit::v1::AuditEntry entry) {
    store::WriteSet set;
    set.leaves.push_back(audit::SaltAndSerialize(entry));
    EXPECT_THAT(store::CommitAndWait(*store_, std::move(set)), IsOk());
    return Last();
  }
};

// --- ExplainDecision ---------------------------------------------------------------------------

TEST_F(DecisionsTest, APractitionerIsToldWhatWasGivenAndWhy) {
  const Referral referral = Submit();
  const Answer read = Run("GetReferral", GetOf(referral.name()));
  const std::string decision = read.As<GetReferralResponse>().disclosure().decision();
  EXPECT_EQ(decision, Last());
  const ExplainDecisionResponse explained = Explained(decision);
  EXPECT_THAT(explained.summary(),
              AllOf(HasSubstr("On 16 March 2010 at 10:00"), HasSubstr("a designated lead"),
                    HasSubstr("referrals.get"), HasSubstr("for safeguarding referral"),
                    HasSubstr("CASE-1"), HasSubstr("Withheld was: assessment narrative")));
  EXPECT_TRUE(explained.same_again());
  EXPECT_EQ(explained.agreement_version(), sets_->InForce()->version());
  EXPECT_THAT(explained.detail(), IsEmpty());
  const ExplainedCategory* given = RowOf(explained, options::v1::CATEGORY_REFERRAL_CONCERN);
  ASSERT_NE(given, nullptr);
  EXPECT_TRUE(given->given());
  EXPECT_THAT(given->rule(), HasSubstr("/"));
  EXPECT_THAT(given->agreement(), Not(IsEmpty()));
  EXPECT_THAT(given->explanation(), Not(IsEmpty()));
  const ExplainedCategory* withheld = RowOf(explained, options::v1::CATEGORY_ASSESSMENT_NARRATIVE);
  ASSERT_NE(withheld, nullptr);
  EXPECT_FALSE(withheld->given());
  // The same words as the answer had.
  EXPECT_EQ(withheld->explanation(),
            read.As<GetReferralResponse>().disclosure().withheld(0).reason());
  // What explains is evidence too.
  EXPECT_EQ(Log().back().action(), "decisions.explain");
}

TEST_F(DecisionsTest, DecisionsOfOthersDoNotExist) {
  const Referral referral = Submit();
  const std::string decision = Last();
  const Answer others = Explain(decision, "Bearer colleague");
  const Answer none = Explain("auditTrees/test/entries/4711", "Bearer colleague");
  const Answer elsewhere = Explain("auditTrees/other/entries/0", "Bearer colleague");
  const Answer nonsense = Explain("entries", "Bearer colleague");
  EXPECT_EQ(error::ReasonOf(others.status), errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
  for (const Answer* answer : {&none, &elsewhere, &nonsense}) {
    EXPECT_EQ(error::WireDetails(error::WithDecision(answer->status, "")),
              error::WireDetails(error::WithDecision(others.status, "")));
  }
  // Governance of an agency asks about its own people, that of the hub and auditors about all.
  EXPECT_THAT(Explain(decision, "Bearer schools-dpo", "subject_rights").status, IsOk());
  EXPECT_THAT(Explain(decision, "Bearer hubs-lead", "governance").status, IsOk());
  EXPECT_THAT(Explain(decision, "Bearer auditor", "audit_review").status, IsOk());
  EXPECT_EQ(error::ReasonOf(Explain(decision, "Bearer guardian", "governance").status),
            errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
}

TEST_F(DecisionsTest, SecretsAndInputsAreForGovernance) {
  const Referral referral = Submit();
  auto agreements = std::make_shared<ScriptedAgreements>();
  agreements->decide = [](const policy::Question&) {
    policy::Decision decision = ScriptedAgreements::Everything();
    decision.granted.Remove(options::v1::CATEGORY_ASSESSMENT_NARRATIVE);
    decision.rules[options::v1::CATEGORY_ASSESSMENT_NARRATIVE] = {};
    return decision;
  };
  agreements->secret.Add(options::v1::CATEGORY_ASSESSMENT_NARRATIVE);
  Use(agreements);
  ASSERT_THAT(Run("GetReferral", GetOf(referral.name())).status, IsOk());
  const std::string decision = Last();
  const ExplainDecisionResponse mine = Explained(decision);
  EXPECT_EQ(RowOf(mine, options::v1::CATEGORY_ASSESSMENT_NARRATIVE), nullptr);
  EXPECT_THAT(mine.summary(), Not(HasSubstr("narrative")));
  EXPECT_THAT(mine.detail(), IsEmpty());
  const ExplainDecisionResponse theirs = Explained(decision, "Bearer schools-dpo", "governance");
  EXPECT_NE(RowOf(theirs, options::v1::CATEGORY_ASSESSMENT_NARRATIVE), nullptr);
  EXPECT_THAT(theirs.summary(), HasSubstr("narrative"));
  EXPECT_THAT(theirs.detail(), SizeIs(2));
  EXPECT_THAT(theirs.detail(1),
              AllOf(HasSubstr("record kind: referral"), HasSubstr("relations: author+holding"),
                    HasSubstr("consent: none"), HasSubstr("school")));
}

TEST_F(DecisionsTest, TheAgreementsOfTheTimeDecideAgain) {
  const Referral referral = Submit();
  const std::string decision = Last();
  const std::string version(sets_->InForce()->version());
  Use(std::make_shared<ScriptedAgreements>("another"));
  const ExplainDecisionResponse explained = Explained(decision);
  EXPECT_EQ(explained.agreement_version(), version);
  EXPECT_TRUE(explained.same_again());
  ASSERT_NE(RowOf(explained, options::v1::CATEGORY_REFERRAL_CONCERN), nullptr);
}

TEST_F(DecisionsTest, AnAlteredEntryReplaysOtherwise) {
  Submit();
  const audit::v1::AuditEntry honest = Log().back();
  EXPECT_TRUE(Explained(Append(honest)).same_again());
  audit::v1::AuditEntry altered = honest;
  altered.mutable_decisions(1)->set_granted(honest.decisions(1).granted() |
                                            1u << options::v1::CATEGORY_LEGAL);
  EXPECT_FALSE(Explained(Append(altered)).same_again());
  altered = honest;
  altered.mutable_decisions(1)->set_relations(0);
  EXPECT_FALSE(Explained(Append(altered)).same_again());
  altered = honest;
  altered.add_rules("made/up");
  EXPECT_FALSE(Explained(Append(altered)).same_again());
  altered = honest;
  altered.set_agreement_version("ffffffffffffffff");
  const ExplainDecisionResponse unkept = Explained(Append(altered));
  EXPECT_FALSE(unkept.same_again());
  EXPECT_THAT(unkept.summary(), HasSubstr("not kept"));
  // For an engineer it says what came out.
  altered = honest;
  altered.mutable_decisions(1)->set_granted(0);
  EXPECT_THAT(Explained(Append(altered), "Bearer schools-dpo", "governance").detail(1),
              HasSubstr("REPLAYED OTHERWISE"));
}

TEST_F(DecisionsTest, ARefusedRecordIsExplainedAsAMissingOne) {
  const Referral referral = Submit();
  // Of another agency's worker, to whom: it does not exist, it is nobody's business, it is barred,
  // it is known and nothing of it is given.
  const auto refused = [&](absl::string_view name, absl::string_view who) {
    const Answer answer = Run("GetReferral", GetOf(name), who, "screening");
    EXPECT_EQ(error::ReasonOf(answer.status), errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
    return error::DecisionOf(answer.status);
  };
  AddCaller("Bearer essex", "agencies/essex-council", directory::v1::AGENCY_KIND_COUNCIL,
            options::v1::ROLE_SCREENING_MANAGER);
  std::vector<std::string> decisions;
  decisions.push_back(refused("referrals/00000000000000000000000000", "Bearer essex"));
  decisions.push_back(refused(referral.name(), "Bearer essex"));
  Involve(kChild, "agencies/essex-council", "HOLDING");
  auto nothing = std::make_shared<ScriptedAgreements>(std::string(sets_->InForce()->version()));
  const auto shipped = sets_->InForce();
  nothing->decide = [](const policy::Question&) { return policy::Decision(); };
  Use(nothing);
  decisions.push_back(refused(referral.name(), "Bearer essex"));
  Use(shipped);
  Conflict(kChild, "workers/essex");
  decisions.push_back(refused(referral.name(), "Bearer essex"));

  std::string first;
  for (const std::string& decision : decisions) {
    ExplainDecisionResponse explained = Explained(decision, "Bearer essex", "screening");
    EXPECT_THAT(explained.summary(), HasSubstr("does not say which"));
    explained.clear_disclosure();
    if (first.empty()) first = explained.SerializeAsString();
    EXPECT_EQ(explained.SerializeAsString(), first) << decision;
  }
  // Nor is governance of the agency that asked told more: it would learn what its workers must not.
  AddCaller("Bearer essex-guardian", "agencies/essex-council", directory::v1::AGENCY_KIND_COUNCIL,
            options::v1::ROLE_CALDICOTT_GUARDIAN);
  for (int i = 0; i < 3; ++i) {
    ExplainDecisionResponse explained =
        Explained(decisions[static_cast<std::size_t>(i)], "Bearer essex-guardian", "governance");
    explained.clear_disclosure();
    EXPECT_EQ(explained.SerializeAsString(), first) << i;
  }
  // The hub's own reviewers are told.
  EXPECT_THAT(Explained(decisions[3], "Bearer hubs-lead", "governance").summary(),
              HasSubstr("conflict of interest"));
  EXPECT_THAT(Explained(decisions[2], "Bearer hubs-lead", "governance").detail(),
              ElementsAre(HasSubstr("relations: holding; child: none; consent: none")));
  EXPECT_THAT(Explained(decisions[1], "Bearer hubs-lead", "governance").detail(), SizeIs(1));
  EXPECT_THAT(Explained(decisions[0], "Bearer hubs-lead", "governance").detail(), IsEmpty());
}

TEST_F(DecisionsTest, OtherRefusalsSayWhy) {
  const Answer answer = Run("SubmitReferral", GoodReferral(), "Bearer school", "screening");
  EXPECT_THAT(Explained(error::DecisionOf(answer.status)).summary(),
              HasSubstr("It was refused: this role may not do this for this purpose"));
}

// --- ListAccess --------------------------------------------------------------------------------

class ListAccessTest : public DecisionsTest {
 protected:
  void SetUp() override {
    DecisionsTest::SetUp();
    KnowAgency(kSchool, "SCHOOL");
    KnowAgency(kCouncil, "COUNCIL");
    KnowAgency("agencies/valentines-high", "SCHOOL");
    Involve(kChild, kCouncil, "RESPONSIBLE");
  }
  void KnowAgency(const std::string& agency, const std::string& kind) {
    events::v1::Event event;
    event.mutable_agency()->set_agency(agency);
    event.mutable_agency()->set_kind(kind);
    Know(event);
  }
  std::vector<policy::v1::Access> Rows(const std::string& agency = "",
                                       options::v1::Role role = options::v1::ROLE_UNSPECIFIED) {
    ListAccessRequest request;
    request.set_child(kChild);
    request.set_agency(agency);
    request.set_role(role);
    const Answer answer = Run("ListAccess", request, "Bearer guardian", "governance");
    EXPECT_THAT(answer.status, IsOk());
    const auto response = answer.As<ListAccessResponse>();
    return {response.access().begin(), response.access().end()};
  }
};

TEST_F(ListAccessTest, EveryAgencysRowsComeOfHowItStands) {
  const std::vector<policy::v1::Access> rows = Rows();
  EXPECT_THAT(rows, Not(IsEmpty()));
  const auto about_child = [](const policy::v1::Access& row) {
    return row.record_kind() == options::v1::RECORD_KIND_REFERRAL;
  };
  // The school of another child sees nothing of this one's referrals, the council does.
  for (const policy::v1::Access& row : rows) {
    EXPECT_FALSE(about_child(row) && row.agency() == "agencies/valentines-high");
  }
  EXPECT_TRUE(std::any_of(rows.begin(), rows.end(), [&](const policy::v1::Access& row) {
    return row.agency() == kCouncil && about_child(row) && !row.rules().empty() &&
           !row.categories().empty();
  }));
  for (const policy::v1::Access& row : Rows(kCouncil, options::v1::ROLE_SCREENING_MANAGER)) {
    EXPECT_EQ(row.agency(), kCouncil);
    EXPECT_EQ(row.role(), options::v1::ROLE_SCREENING_MANAGER);
  }
  EXPECT_THAT(Rows("agencies/unknown"), IsEmpty());
}

TEST_F(ListAccessTest, AnAllocationCountsForItsRole) {
  const std::vector<policy::v1::Access> before = Rows(kCouncil, options::v1::ROLE_SOCIAL_WORKER);
  events::v1::Event event;
  event.set_child(kChild);
  event.mutable_allocation()->set_allocation("allocations/1");
  event.mutable_allocation()->set_worker("workers/sw");
  event.mutable_allocation()->set_agency(kCouncil);
  event.mutable_worker()->set_worker("workers/sw");
  event.mutable_worker()->set_agency(kCouncil);
  event.mutable_worker()->set_role(options::v1::ROLE_SOCIAL_WORKER);
  const std::vector<policy::v1::Access> chairs = Rows(kCouncil, options::v1::ROLE_CONFERENCE_CHAIR);
  Know(event);
  EXPECT_GT(Rows(kCouncil, options::v1::ROLE_SOCIAL_WORKER).size(), before.size());
  EXPECT_EQ(Rows(kCouncil, options::v1::ROLE_CONFERENCE_CHAIR).size(), chairs.size());
}

TEST_F(ListAccessTest, ItIsForGovernanceThatKnowsTheChild) {
  ListAccessRequest request;
  request.set_child(kStranger);
  EXPECT_EQ(error::ReasonOf(Run("ListAccess", request, "Bearer guardian", "governance").status),
            errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
  request.set_child(kChild);
  EXPECT_EQ(error::ReasonOf(Run("ListAccess", request).status),
            errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED);
}

}  // namespace
}  // namespace trusthub::rpc
