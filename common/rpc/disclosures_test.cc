#include "common/rpc/disclosures.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/proof.h"
#include "common/error/error.h"
#include "common/rpc/decision_name.h"
#include "common/rpc/pipeline_fixture.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::rpc {
namespace {

using audit::v1::AuditEntry;
using audit::v1::ListDisclosuresRequest;
using audit::v1::ListDisclosuresResponse;
using audit::v1::LoggedDisclosure;
using referrals::v1::Referral;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::IsOk;
using ::testing::Not;
using ::testing::SizeIs;

constexpr char kOfficer[] = "Bearer officer";          // of the council
constexpr char kSchools[] = "Bearer schools-officer";  // of the school
constexpr char kElsewhere[] = "Bearer elsewhere";      // of a council without a relation
constexpr char kGovernance[] = "governance";
constexpr char kRights[] = "subject_rights";

std::vector<std::string> ActionsOf(const ListDisclosuresResponse& response) {
  std::vector<std::string> actions;
  for (const LoggedDisclosure& row : response.disclosures()) actions.push_back(row.action());
  return actions;
}

class DisclosuresTest : public PipelineFixture {
 protected:
  void SetUp() override {
    PipelineFixture::SetUp();
    AddOfficer(kOfficer, kCouncil, directory::v1::AGENCY_KIND_COUNCIL);
    AddOfficer(kSchools, kSchool, directory::v1::AGENCY_KIND_SCHOOL);
    AddOfficer(kElsewhere, "agencies/other-council", directory::v1::AGENCY_KIND_COUNCIL);
    Involve(kChild, kCouncil, "RESPONSIBLE");
  }
  void AddOfficer(const std::string& bearer, const std::string& agency,
                  directory::v1::AgencyKind kind) {
    auth::Principal& caller = authenticator_.callers[bearer];
    caller.agency = agency;
    caller.agency_kind = kind;
    caller.worker = "workers/" + bearer.substr(7);
    caller.role = options::v1::ROLE_DATA_PROTECTION_OFFICER;
  }
  Answer List(ListDisclosuresRequest request, absl::string_view who, absl::string_view purpose) {
    if (request.child().empty()) request.set_child(kChild);
    if (purpose == kRights && request.subject_party() == audit::v1::SUBJECT_PARTY_UNSPECIFIED) {
      request.set_subject_party(audit::v1::SUBJECT_PARTY_PARENT);
    }
    return Run("ListDisclosures", request, who, purpose);
  }
  ListDisclosuresResponse Listed(absl::string_view who = kOfficer,
                                 absl::string_view purpose = kGovernance) {
    const Answer answer = List({}, who, purpose);
    EXPECT_THAT(answer.status, IsOk()) << who;
    return answer.As<ListDisclosuresResponse>();
  }
  error::Reason ReasonFor(const ListDisclosuresRequest& request, absl::string_view who,
                          absl::string_view purpose) {
    return error::ReasonOf(List(request, who, purpose).status);
  }
  // An entry about kChild, as the log of an earlier day may hold one.
  void Append(AuditEntry entry) {
    auto snapshot = store_->Open(absl::InfiniteFuture());
    ASSERT_TRUE(snapshot.ok());
    ASSERT_THAT(audit::AddChild(*pseudonyms_, kChild, **snapshot, &entry), IsOk());
    store::WriteSet set;
    set.leaves.push_back(audit::MakeLeaf(entry));
    ASSERT_THAT(store::CommitAndWait(*store_, std::move(set)), IsOk());
  }
  static AuditEntry EntryBy(const std::string& agency, options::v1::Purpose purpose) {
    AuditEntry entry;
    entry.set_agency(agency);
    entry.set_worker("workers/somebody");
    entry.set_action("plans.get");
    entry.set_purpose(purpose);
    entry.set_case_reference("FILE-7");
    entry.set_decision(audit::v1::AUDIT_DECISION_DISCLOSED);
    return entry;
  }
  // A record of kChild that `owner` keeps, in this service's store.
  std::string Keep(const std::string& owner) {
    auto snapshot = store_->Open(absl::InfiniteFuture());
    EXPECT_TRUE(snapshot.ok());
    store::Transaction tx(*std::move(snapshot), Hash(), domain_clock_.Now());
    Referral referral;
    referral.set_child(kChild);
    EXPECT_THAT(tx.Create(&referral, owner, owner), IsOk());
    EXPECT_THAT(store::CommitAndWait(*store_, tx.TakeWrites()), IsOk());
    return referral.name();
  }
};

TEST_F(DisclosuresTest, TheControllerSeesWhoWasToldWhatAndWhy) {
  const Referral referral = Submit();
  ASSERT_THAT(Run("GetReferral", GetOf(referral.name())).status, IsOk());
  const ListDisclosuresResponse listed = Listed();
  ASSERT_THAT(ActionsOf(listed), ElementsAre("referrals.submit", "referrals.get"));
  const LoggedDisclosure& row = listed.disclosures(1);
  EXPECT_EQ(row.child(), kChild);
  EXPECT_EQ(row.owner_agency(), kCouncil);
  EXPECT_EQ(row.agency(), kSchool);
  EXPECT_EQ(row.worker(), kLead);
  EXPECT_EQ(row.role(), options::v1::ROLE_DESIGNATED_LEAD);
  EXPECT_EQ(row.what(), "read referrals");
  EXPECT_EQ(row.purpose(), options::v1::PURPOSE_SAFEGUARDING_REFERRAL);
  EXPECT_EQ(row.case_reference(), "CASE-1");
  EXPECT_THAT(row.records(), ElementsAre(referral.name()));
  EXPECT_EQ(row.decision(), audit::v1::AUDIT_DECISION_DISCLOSED);
  EXPECT_THAT(row.given(), Contains(options::v1::CATEGORY_REFERRAL_CONCERN));
  EXPECT_THAT(row.withheld(), Contains(options::v1::CATEGORY_ASSESSMENT_NARRATIVE));
  EXPECT_THAT(row.rules(), Not(IsEmpty()));
  EXPECT_EQ(row.agreement_version(), sets_->InForce()->version());
  EXPECT_EQ(TimeFromProto(row.access_time()), domain_clock_.Now());
  EXPECT_THAT(row.kept_from_subject(), ElementsAre("new-referral (child, parent)"));
  EXPECT_EQ(row.name(), DecisionName("auditTrees/test", 1));
}

TEST_F(DisclosuresTest, EveryRowIsProvenAgainstTheHeadOfTheAnswer) {
  const Referral referral = Submit();
  for (int i = 0; i < 5; ++i) Run("GetReferral", GetOf(referral.name()));
  const ListDisclosuresResponse listed = Listed();
  ASSERT_THAT(listed.disclosures(), SizeIs(6));
  const store::SealedHead head = audit::HeadFromProto(listed.head());
  EXPECT_THAT(audit::VerifyHead(head, key_->public_key()), IsOk());
  for (const LoggedDisclosure& row : listed.disclosures()) {
    const std::vector<std::string> proof(row.inclusion_proof().begin(),
                                         row.inclusion_proof().end());
    const std::int64_t index = EntryIndexOf("auditTrees/test", row.name());
    EXPECT_THAT(audit::VerifyInclusion(row.leaf_hash(), index, head.size, proof, head.root),
                IsOk());
    EXPECT_FALSE(
        audit::VerifyInclusion(row.leaf_hash(), index + 1, head.size, proof, head.root).ok());
  }
}

TEST_F(DisclosuresTest, TheListItselfIsListed) {
  Submit();
  EXPECT_THAT(ActionsOf(Listed()), ElementsAre("referrals.submit"));
  EXPECT_THAT(ActionsOf(Listed()), ElementsAre("referrals.submit", "disclosures.list"));
  EXPECT_EQ(Log().back().action(), "disclosures.list");
}

TEST_F(DisclosuresTest, AnAgencySeesWhatItsOwnWorkersWereToldAndNoMore) {
  const Referral referral = Submit();  // owned by the council
  Run("GetReferral", GetOf(referral.name()));
  Run("GetReferral", GetOf(referral.name()), "Bearer council", "screening");
  EXPECT_THAT(ActionsOf(Listed(kSchools)), ElementsAre("referrals.submit", "referrals.get"))
      << "not what the council's people read";
  EXPECT_THAT(Listed().disclosures(), SizeIs(3 + 1)) << "and the school's list";
}

TEST_F(DisclosuresTest, WithoutARelationThereIsNothing) {
  Submit();
  ListDisclosuresRequest of_nobody;
  of_nobody.set_child("children/none");
  const Answer real = List({}, kElsewhere, kGovernance);
  const Answer none = List(of_nobody, kElsewhere, kGovernance);
  EXPECT_EQ(error::ReasonOf(real.status), errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
  EXPECT_EQ(error::WithDecision(real.status, ""), error::WithDecision(none.status, ""));
  EXPECT_EQ(ReasonFor({}, "Bearer school", kGovernance),
            errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED);
}

TEST_F(DisclosuresTest, ARefusalIsToldToWhoeverKeepsTheRecordAndToNobodyElse) {
  const std::string nelft = "agencies/nelft";
  AddOfficer("Bearer nelft", nelft, directory::v1::AGENCY_KIND_MENTAL_HEALTH_TRUST);
  Involve(kChild, nelft, "HOLDING");
  AddOfficer("Bearer strangers", "agencies/valentines-high", directory::v1::AGENCY_KIND_SCHOOL);
  auth::Principal& stranger = authenticator_.callers["Bearer stranger"];
  stranger = authenticator_.callers["Bearer school"];
  stranger.agency = "agencies/valentines-high";
  const std::string kept = Keep(nelft);
  EXPECT_EQ(error::ReasonOf(Run("GetReferral", GetOf(kept), "Bearer stranger").status),
            errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
  EXPECT_EQ(Log().back().asked_for(), kept);

  const ListDisclosuresResponse listed = Listed("Bearer nelft");
  ASSERT_THAT(ActionsOf(listed), ElementsAre("referrals.get"));
  EXPECT_EQ(listed.disclosures(0).decision(), audit::v1::AUDIT_DECISION_REFUSED);
  EXPECT_EQ(listed.disclosures(0).what(), "tried to read referrals and was refused");
  EXPECT_THAT(ActionsOf(Listed()), Not(Contains("referrals.get"))) << "the council keeps another";
  // By now the stranger's school holds the child: it must not learn what its worker had hit upon.
  Involve(kChild, "agencies/valentines-high", "HOLDING");
  EXPECT_THAT(ActionsOf(Listed("Bearer strangers")), IsEmpty());
}

TEST_F(DisclosuresTest, OfAnAnswerWithOthersRecordsOnlyTheReadersPartIsTold) {
  const std::string own = Keep(kCouncil);
  const std::string others = Keep("agencies/nelft");
  AuditEntry entry = EntryBy("agencies/met-police", options::v1::PURPOSE_ASSESSMENT);
  entry.add_records(own);
  entry.add_records(others);
  entry.add_disclosed(options::v1::CATEGORY_REFERRAL_CONCERN);
  entry.add_disclosed(options::v1::CATEGORY_MENTAL_HEALTH);
  entry.add_withheld(options::v1::CATEGORY_SEXUAL_HEALTH);
  entry.add_withheld(options::v1::CATEGORY_FAMILY);
  auto* of_referrals = entry.add_decisions();
  of_referrals->set_record_kind(options::v1::RECORD_KIND_REFERRAL);
  of_referrals->set_granted(std::uint64_t{1} << options::v1::CATEGORY_REFERRAL_CONCERN);
  auto* of_consultations = entry.add_decisions();
  of_consultations->set_record_kind(options::v1::RECORD_KIND_CONSULTATION);
  of_consultations->set_granted(std::uint64_t{1} << options::v1::CATEGORY_MENTAL_HEALTH);
  Append(entry);
  const ListDisclosuresResponse listed = Listed();
  ASSERT_THAT(listed.disclosures(), SizeIs(1));
  EXPECT_THAT(listed.disclosures(0).records(), ElementsAre(own));
  EXPECT_THAT(listed.disclosures(0).given(), ElementsAre(options::v1::CATEGORY_REFERRAL_CONCERN));
  EXPECT_THAT(listed.disclosures(0).withheld(), ElementsAre(options::v1::CATEGORY_FAMILY));
}

TEST_F(DisclosuresTest, WhatGaveNothingOfTheChildIsNoDisclosure) {
  // A list that passed over the child's record: all decisions said no.
  AuditEntry looked_at = EntryBy("agencies/bhrut", options::v1::PURPOSE_UNSCHEDULED_CARE);
  looked_at.add_disclosed(options::v1::CATEGORY_OPERATIONAL);
  looked_at.add_decisions()->set_record_kind(options::v1::RECORD_KIND_CONSULTATION);
  Append(looked_at);
  // One that gave another child's record.
  AuditEntry others = looked_at;
  others.mutable_decisions(0)->set_granted(2);
  others.add_child_pseudonyms(std::string(32, 'x'));
  Append(others);
  EXPECT_THAT(Listed().disclosures(), IsEmpty());
  // An answer about the child itself, like a check of its status.
  AuditEntry check = looked_at;
  check.set_action("children.check");
  check.mutable_decisions(0)->set_granted(2);
  Append(check);
  EXPECT_THAT(ActionsOf(Listed()), Contains("children.check"));
}

// --- For the child or a parent -----------------------------------------------------------------

TEST_F(DisclosuresTest, SubjectsAreToldNoWorkerAndNoFile) {
  AuditEntry entry = EntryBy(kSchool, options::v1::PURPOSE_EDUCATION_SUPPORT);
  entry.set_system("/system/sims");
  entry.add_records(Keep(kCouncil));
  entry.add_disclosed(options::v1::CATEGORY_PLAN_STATUS);
  Append(entry);
  ASSERT_THAT(Listed().disclosures(), SizeIs(1));
  EXPECT_EQ(Listed().disclosures(0).worker(), "workers/somebody");
  EXPECT_EQ(Listed().disclosures(0).system(), "/system/sims");

  const ListDisclosuresResponse listed = Listed(kOfficer, kRights);
  ASSERT_GE(listed.disclosures_size(), 1);
  const LoggedDisclosure& row = listed.disclosures(0);
  EXPECT_EQ(row.agency(), kSchool);
  EXPECT_EQ(row.action(), "plans.get");
  EXPECT_THAT(row.given(), ElementsAre(options::v1::CATEGORY_PLAN_STATUS));
  EXPECT_THAT(row.worker(), IsEmpty());
  EXPECT_THAT(row.system(), IsEmpty());
  EXPECT_THAT(row.case_reference(), IsEmpty());
  EXPECT_THAT(row.kept_from_subject(), IsEmpty());
  EXPECT_THAT(listed.notice(), Not(IsEmpty()));
}

TEST_F(DisclosuresTest, WhatIsKeptBackLeavesNoTrace) {
  AuditEntry told = EntryBy(kCouncil, options::v1::PURPOSE_EDUCATION_SUPPORT);
  told.add_records(Keep(kCouncil));
  Append(told);
  const ListDisclosuresResponse before = Listed(kOfficer, kRights);
  ASSERT_THAT(before.disclosures(), SizeIs(1));
  AuditEntry police = EntryBy(kCouncil, options::v1::PURPOSE_POLICE_PROTECTION);
  AuditEntry adoption = EntryBy(kCouncil, options::v1::PURPOSE_LOOKED_AFTER_CARE);
  adoption.add_withheld(options::v1::CATEGORY_ADOPTION);
  for (AuditEntry* entry : {&police, &adoption}) {
    entry->add_records(Keep(kCouncil));
    Append(*entry);
  }
  ListDisclosuresRequest request;
  request.set_page_size(2);
  const Answer answer = List(request, kOfficer, kRights);
  ASSERT_THAT(answer.status, IsOk());
  const auto after = answer.As<ListDisclosuresResponse>();
  EXPECT_THAT(ActionsOf(after), ElementsAre(told.action(), "disclosures.list"))
      << "as before, and the list before";
  EXPECT_THAT(after.next_page_token(), IsEmpty()) << "no token points at what is kept back";
  EXPECT_EQ(after.notice(), before.notice());
}

TEST_F(DisclosuresTest, AnEnquiryIsToldWhenItHasBeenOverForLong) {
  const absl::Time start = domain_clock_.Now();
  AuditEntry entry = EntryBy("agencies/met-police", options::v1::PURPOSE_CHILD_PROTECTION_ENQUIRY);
  *entry.mutable_domain_time() = TimeToProto(start);
  entry.add_records(Keep(kCouncil));
  Involve(kChild, "agencies/met-police", "ENQUIRY");
  Append(entry);
  EXPECT_THAT(ActionsOf(Listed(kOfficer, kRights)), Not(Contains("plans.get")));
  Involve(kChild, "agencies/met-police", "ENQUIRY", start + absl::Hours(24));
  domain_clock_.Set(start + absl::Hours(24 * 29));
  EXPECT_THAT(ActionsOf(Listed(kOfficer, kRights)), Not(Contains("plans.get")));
  domain_clock_.Set(start + absl::Hours(24 * 30));
  EXPECT_THAT(ActionsOf(Listed(kOfficer, kRights)), Contains("plans.get"));
}

TEST_F(DisclosuresTest, NothingIsToldSubjectsOnOldFacts) {
  age_ = absl::Seconds(6);
  EXPECT_EQ(ReasonFor({}, kOfficer, kRights), errors::v1::ERROR_REASON_PROJECTION_STALE);
  EXPECT_THAT(List({}, kOfficer, kGovernance).status, IsOk());
}

TEST_F(DisclosuresTest, TheListForSubjectsSaysForWhom) {
  ListDisclosuresRequest for_child;
  for_child.set_child(kChild);
  for_child.set_subject_party(audit::v1::SUBJECT_PARTY_CHILD);
  EXPECT_EQ(ReasonFor(for_child, kOfficer, kGovernance), errors::v1::ERROR_REASON_REQUEST_INVALID);
  ListDisclosuresRequest for_nobody;
  for_nobody.set_child(kChild);
  EXPECT_EQ(error::ReasonOf(Run("ListDisclosures", for_nobody, kOfficer, kRights).status),
            errors::v1::ERROR_REASON_REQUEST_INVALID);
  EXPECT_THAT(List(for_child, kOfficer, kRights).status, IsOk());
}

// --- Pages -------------------------------------------------------------------------------------

TEST_F(DisclosuresTest, PagesAreCompleteAndBelongToTheirCaller) {
  const Referral referral = Submit();
  for (int i = 0; i < 6; ++i) {
    Run("GetReferral", GetOf(referral.name()));
    // What is not the reader's lies between.
    Append(EntryBy("agencies/bhrut", options::v1::PURPOSE_UNSCHEDULED_CARE));
  }
  ListDisclosuresRequest request;
  request.set_page_size(3);
  std::vector<std::string> names;
  int pages = 0;
  for (bool more = true; more; ++pages) {
    const Answer answer = List(request, kSchools, kGovernance);
    ASSERT_THAT(answer.status, IsOk());
    const auto page = answer.As<ListDisclosuresResponse>();
    EXPECT_LE(page.disclosures_size(), 3);
    for (const LoggedDisclosure& row : page.disclosures()) names.push_back(row.name());
    request.set_page_token(page.next_page_token());
    more = !page.next_page_token().empty();
    if (pages == 0) {
      EXPECT_EQ(ReasonFor(request, kOfficer, kGovernance),
                errors::v1::ERROR_REASON_PAGE_TOKEN_INVALID);
    }
  }
  // Seven of the story, and the school's own lists that came before the last page was read.
  std::set<std::string> once(names.begin(), names.end());
  EXPECT_EQ(once.size(), names.size());
  EXPECT_GE(names.size(), 7u);
  std::vector<std::string> expected;
  const std::vector<AuditEntry> log = Log();
  for (std::size_t i = 0; i < log.size(); ++i) {
    const bool of_school = log[i].agency() == kSchool && !log[i].records().empty();
    if (of_school && log[i].action() != "disclosures.list") {
      EXPECT_EQ(once.count(DecisionName("auditTrees/test", static_cast<std::int64_t>(i))), 1u);
    }
  }
}

}  // namespace
}  // namespace trusthub::rpc
