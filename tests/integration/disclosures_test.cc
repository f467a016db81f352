// Who saw a child's record, over real calls: every read of a family's story is in the lists of
// those who answer for it, with a proof; and nothing that somebody may not know is in theirs.
#include "deploy/hubctl/disclosures.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/algorithm/container.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/error/error.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/answers.h"
#include "tests/integration/family.h"
#include "tests/integration/local_hub.h"
#include "trusthub/assessments/v1/allegations_service.pb.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/assessments/v1/checks_service.pb.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/health/v1/consultations_service.pb.h"
#include "trusthub/health/v1/health_records_service.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::testing {
namespace {

using audit::v1::LoggedDisclosure;
using hubctl::DisclosureQuery;
using hubctl::FoundDisclosure;
using hubctl::FoundDisclosures;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr absl::Duration kSoon = absl::Seconds(30);
constexpr char kReference[] = "READ-1";
// One officer of each agency that keeps something of the family.
constexpr const char* kOfficers[] = {"lbr-dpo-01", "nelft-dpo-01",      "uphall-dpo-01",
                                     "met-ig-01",  "nhsr-caldicott-01", "bhrut-caldicott-01"};

class DisclosuresOfAFamily : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = LocalHub::Start();
    ASSERT_THAT(started, IsOk());
    hub_ = started->release();
    cast_ = new Cast(&hub_->hub());
    family_ = new Family(&hub_->hub(), cast_, 1, LondonDay(hub_->clock().Now()));
    ASSERT_THAT(family_->Build(Tables()), IsOk());
    ASSERT_THAT(family_->Advise(), IsOk());
    ASSERT_TRUE(hub_->WaitForNews(kSoon));
  }
  static void TearDownTestSuite() {
    delete family_;
    delete cast_;
    delete hub_;
    family_ = nullptr;
    cast_ = nullptr;
    hub_ = nullptr;
  }
  void SetUp() override {
    ASSERT_NE(family_, nullptr);
    ASSERT_TRUE(hub_->WaitForNews(kSoon));
  }

  static DisclosureQuery ForGovernance() {
    DisclosureQuery query;
    query.child = family_->child();
    query.case_reference = kReference;
    query.page_size = 7;  // so that there are pages
    return query;
  }
  static DisclosureQuery For(audit::v1::SubjectParty party) {
    DisclosureQuery query = ForGovernance();
    query.purpose = "subject_rights";
    query.party = party;
    return query;
  }
  static FoundDisclosures Find(absl::string_view officer, const DisclosureQuery& query) {
    auto found = hubctl::FindDisclosures(hub_->hub(), cast_->At(officer), query);
    EXPECT_THAT(found, IsOk()) << officer;
    if (!found.ok()) return {};
    EXPECT_THAT(found->Completeness(), IsOk()) << officer;
    return *std::move(found);
  }
  static std::set<std::string> NamesIn(const FoundDisclosures& found) {
    std::set<std::string> names;
    for (const FoundDisclosure& each : found.rows) names.insert(each.row.name());
    return names;
  }
  static std::string TextOf(const FoundDisclosures& found) {
    std::string text;
    for (const FoundDisclosure& each : found.rows) {
      std::string row;
      google::protobuf::TextFormat::PrintToString(each.row, &row);
      absl::StrAppend(&text, row, "\n");
    }
    return text;
  }
  // A read by `worker`, once the services have told one another what it rests on: the name of its
  // audit entry when it was answered, else empty.
  template <class Request>
  static std::string Read(absl::string_view worker, const std::string& name,
                          absl::string_view purpose) {
    Request request;
    request.set_name(name);
    Answer answer;
    Within(absl::Seconds(20), [&] {
      answer = Ask(cast_->At(worker), request, purpose, kReference);
      return answer.status.ok() || !MayBecomeKnown(answer.status);
    });
    return answer.status.ok() ? DecisionOf(answer) : "";
  }
  // What each service's log holds, read by the auditor.
  static std::map<std::string, audit::v1::AuditEntry> WholeLog(const std::string& service) {
    std::map<std::string, audit::v1::AuditEntry> entries;
    audit::v1::ListEntriesRequest request;
    std::int64_t size = 1;  // when it was first looked at: reading it adds to it
    while (request.first_index() < size) {
      const auto page =
          cast_->At("hub-auditor-01")
              .Call<audit::v1::ListEntriesResponse>(request, "audit_review", kReference, service);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) return entries;
      if (request.first_index() == 0) size = page->tree_size();
      for (const auto& logged : page->entries()) {
        auto entry = audit::ParseEntry(logged.leaf_input());
        EXPECT_THAT(entry, IsOk());
        entries[absl::StrCat(page->tree(), "/entries/", logged.index())] = *entry;
        request.set_first_index(logged.index() + 1);
      }
      if (page->entries().empty()) return entries;
    }
    return entries;
  }

  static LocalHub* hub_;
  static Cast* cast_;
  static Family* family_;
};

LocalHub* DisclosuresOfAFamily::hub_ = nullptr;
Cast* DisclosuresOfAFamily::cast_ = nullptr;
Family* DisclosuresOfAFamily::family_ = nullptr;

// T-A4: the client's own ledger of what it was given, against the lists.
TEST_F(DisclosuresOfAFamily, EveryReadIsInTheListOfWhoeverAnswersForIt) {
  using assessments::v1::GetAllegationRequest;
  using assessments::v1::GetAssessmentRequest;
  using assessments::v1::GetCheckRequest;
  using assessments::v1::GetEnquiryRequest;
  using assessments::v1::GetStrategyDiscussionRequest;
  const CasePath& path = family_->path();
  std::vector<std::pair<std::string, std::string>> ledger;  // officer who answers, entry
  const auto read = [&](const char* officer, const std::string& decision) {
    EXPECT_THAT(decision, Not(IsEmpty())) << "read " << ledger.size();
    ledger.emplace_back(officer, decision);
  };
  constexpr char kCouncil[] = "lbr-dpo-01";
  constexpr char kHealth[] = "nhsr-caldicott-01";
  constexpr char kPlanning[] = "child_protection_planning";
  constexpr char kEnquiry[] = "child_protection_enquiry";
  read(kCouncil, Read<referrals::v1::GetReferralRequest>("uphall-lead-01", path.referral.name(),
                                                         "safeguarding_referral"));
  read(kCouncil, Read<referrals::v1::GetReferralRequest>("lbr-screening-01", path.referral.name(),
                                                         "screening"));
  read(kCouncil, Read<GetAssessmentRequest>("lbr-sw-01", path.assessment.name(), "assessment"));
  read(kCouncil,
       Read<GetStrategyDiscussionRequest>("met-cait-01", path.discussion.name(), kEnquiry));
  read(kCouncil, Read<GetEnquiryRequest>("lbr-sw-01", path.enquiry.name(), kEnquiry));
  read(kCouncil, Read<GetCheckRequest>("met-cait-01", family_->check().name(), kEnquiry));
  read(kCouncil, Read<GetAllegationRequest>("lbr-lado-01", family_->allegation().name(), kEnquiry));
  read(kCouncil, Read<plans::v1::GetPlanRequest>("lbr-sw-01", path.plan.name(), kPlanning));
  read(kCouncil, Read<plans::v1::GetPlanRequest>("uphall-lead-01", path.plan.name(), kPlanning));
  read(kCouncil,
       Read<plans::v1::GetPlanRequest>("bhrut-nurse-01", path.plan.name(), "unscheduled_care"));
  read(kCouncil, Read<plans::v1::GetPlacementRequest>(
                     "lbr-placement-01", family_->placement().name(), "looked_after_care"));
  read(kCouncil, Read<children::v1::GetChildRequest>("lbr-sw-01", family_->child(), kPlanning));
  read(kCouncil,
       Read<children::v1::GetChildRequest>("nelft-camhs-01", family_->child(), "health_care"));
  read(kHealth, Read<health::v1::GetHealthRecordRequest>(
                    "nhsr-visitor-01", family_->health_record().name(), "health_care"));
  read(kHealth, Read<health::v1::GetConsultationRequest>(
                    "nhsr-school-nurse-01", family_->consultation().name(), "health_care"));

  std::map<std::string, std::set<std::string>> lists;
  for (const char* officer : {kCouncil, kHealth}) {
    lists[officer] = NamesIn(Find(officer, ForGovernance()));
  }
  for (const auto& [officer, decision] : ledger) {
    EXPECT_THAT(lists[officer], Contains(decision)) << officer;
  }
}

// The same from the other side: no line of a log that gave something of the child is in no list.
TEST_F(DisclosuresOfAFamily, NoLineOfTheLogsIsMissingFromAllLists) {
  std::map<std::string, std::map<std::string, audit::v1::AuditEntry>> logs;
  for (const char* service : hubctl::kServices) logs[service] = WholeLog(service);
  std::set<std::string> listed;
  std::map<std::string, std::set<std::string>> pseudonyms;  // of the child, by service
  for (const char* officer : kOfficers) {
    for (const FoundDisclosure& each : Find(officer, ForGovernance()).rows) {
      listed.insert(each.row.name());
      const auto entry = logs[each.service].find(each.row.name());
      if (entry == logs[each.service].end() || entry->second.child_pseudonyms_size() != 1) continue;
      pseudonyms[each.service].insert(entry->second.child_pseudonyms(0));
    }
  }
  int given = 0;
  for (const auto& [service, log] : logs) {
    EXPECT_LE(pseudonyms[service].size(), 1u) << service << ": one child, one pseudonym";
    for (const auto& [name, entry] : log) {
      const bool of_child = absl::c_any_of(
          entry.child_pseudonyms(),
          [&, &of = pseudonyms[service]](const std::string& each) { return of.count(each) != 0; });
      if (!of_child || entry.records().empty()) continue;
      ++given;
      EXPECT_TRUE(listed.count(name) != 0) << service << " " << name << " " << entry.action();
    }
  }
  EXPECT_GT(given, 30) << "the story";
}

TEST_F(DisclosuresOfAFamily, RowsSayWhatTheLogSaysAndAreProven) {
  std::map<std::string, std::map<std::string, audit::v1::AuditEntry>> logs;
  const FoundDisclosures found = Find("lbr-dpo-01", ForGovernance());
  for (const char* service : hubctl::kServices) logs[service] = WholeLog(service);
  ASSERT_THAT(found.rows, Not(IsEmpty()));
  for (const FoundDisclosure& each : found.rows) {
    const LoggedDisclosure& row = each.row;
    const auto known = logs[each.service].find(row.name());
    ASSERT_NE(known, logs[each.service].end()) << row.name();
    const audit::v1::AuditEntry& entry = known->second;
    EXPECT_EQ(row.leaf_hash(), audit::EntryLeafHash(audit::CanonicalBytes(entry)));
    EXPECT_EQ(row.agency(), entry.agency());
    EXPECT_EQ(row.worker(), entry.worker());
    EXPECT_EQ(row.role(), entry.role());
    EXPECT_EQ(row.action(), entry.action());
    EXPECT_EQ(row.purpose(), entry.purpose());
    EXPECT_EQ(row.case_reference(), entry.case_reference());
    EXPECT_EQ(row.decision(), entry.decision());
    for (const int category : row.given()) EXPECT_THAT(entry.disclosed(), Contains(category));
    for (const int category : row.withheld()) EXPECT_THAT(entry.withheld(), Contains(category));
    for (const std::string& record : row.records()) {
      // The log names a child's own record by the child's pseudonym.
      if (absl::StartsWith(record, "children/")) {
        EXPECT_THAT(entry.records(), Contains(StartsWith("pseudonyms/")));
      } else {
        EXPECT_THAT(entry.records(), Contains(record));
      }
    }
  }
}

TEST_F(DisclosuresOfAFamily, OfAnothersSecretsAnOfficerLearnsNothing) {
  // Advice by the school nurse is NHS Redbridge's secret, an allegation and a hidden home the
  // council's: their names, their kinds and what was done with them are in nobody else's list.
  Read<health::v1::GetConsultationRequest>("nhsr-school-nurse-01", family_->consultation().name(),
                                           "health_care");
  Read<assessments::v1::GetAllegationRequest>("lbr-lado-01", family_->allegation().name(),
                                              "child_protection_enquiry");
  // And what somebody tried is told to the keeper alone.
  EXPECT_EQ(Read<health::v1::GetConsultationRequest>("nelft-camhs-01",
                                                     family_->consultation().name(), "health_care"),
            "");
  for (const char* officer : kOfficers) {
    const std::string text = TextOf(Find(officer, ForGovernance()));
    const bool keeps_advice = absl::StartsWith(officer, "nhsr");
    const bool keeps_allegation = absl::StartsWith(officer, "lbr");
    EXPECT_EQ(absl::StrContains(text, "consultations."), keeps_advice) << officer;
    EXPECT_EQ(absl::StrContains(text, "allegations."), keeps_allegation) << officer;
  }
}

TEST_F(DisclosuresOfAFamily, WithoutARelationThereIsNoSuchChild) {
  DisclosureQuery unknown = ForGovernance();
  unknown.child = absl::StrCat("children/", std::string(26, '0'));
  for (const char* officer : {"whipps-caldicott-01"}) {
    const auto real = hubctl::FindDisclosures(hub_->hub(), cast_->At(officer), ForGovernance());
    const auto none = hubctl::FindDisclosures(hub_->hub(), cast_->At(officer), unknown);
    const auto nothing =
        StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
    EXPECT_THAT(real, nothing);
    EXPECT_THAT(none, nothing);
    EXPECT_EQ(real.status().message(), none.status().message());
  }
  // A practitioner may not ask at all, child or not.
  EXPECT_THAT(
      hubctl::FindDisclosures(hub_->hub(), cast_->At("lbr-sw-01"), ForGovernance()),
      StatusIs(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED));
}

TEST_F(DisclosuresOfAFamily, SubjectsAreToldWhatTheLawLetsThemBeTold) {
  Read<plans::v1::GetPlanRequest>("uphall-lead-01", family_->path().plan.name(),
                                  "child_protection_planning");
  const FoundDisclosures to_parent = Find("lbr-dpo-01", For(audit::v1::SUBJECT_PARTY_PARENT));
  const FoundDisclosures to_child = Find("lbr-dpo-01", For(audit::v1::SUBJECT_PARTY_CHILD));
  EXPECT_THAT(to_parent.notice, HasSubstr("Information Commissioner"));
  const std::string parent = TextOf(to_parent);
  EXPECT_THAT(parent, HasSubstr("plans.get")) << "what may be told is told";
  for (const std::string& text : {parent, TextOf(to_child)}) {
    EXPECT_THAT(text, Not(HasSubstr("workers/")));
    EXPECT_THAT(text, Not(HasSubstr(kReference)));
    EXPECT_THAT(text, Not(HasSubstr("allegations.")));
    EXPECT_THAT(text, Not(HasSubstr("PURPOSE_POLICE_PROTECTION")));
    EXPECT_THAT(text, Not(HasSubstr("enquiries."))) << "it ends with the conference, and a month";
    EXPECT_THAT(text, Not(HasSubstr("AUDIT_DECISION_REFUSED")));
    EXPECT_THAT(text, Not(HasSubstr("CATEGORY_CONFIDENTIAL_ADDRESS")));
  }
  // What is kept back today is told when its time has come, and not what is kept for good.
  const absl::Time now = hub_->clock().Now();
  hub_->clock().Set(now + absl::Hours(24 * 120));
  ASSERT_TRUE(hub_->WaitForNews(kSoon));
  const std::string later = TextOf(Find("lbr-dpo-01", For(audit::v1::SUBJECT_PARTY_PARENT)));
  hub_->clock().Set(now);
  EXPECT_THAT(later, HasSubstr("enquiries."));
  EXPECT_THAT(later, HasSubstr("referrals."));
  EXPECT_THAT(later, Not(HasSubstr("allegations.")));
}

TEST_F(DisclosuresOfAFamily, AServiceThatDoesNotAnswerIsNamed) {
  const FoundDisclosures whole = Find("lbr-dpo-01", ForGovernance());
  hub_->StopService("plans");
  const auto part = hubctl::FindDisclosures(hub_->hub(), cast_->At("lbr-dpo-01"), ForGovernance());
  ASSERT_THAT(hub_->StartService("plans"), IsOk());
  ASSERT_TRUE(hub_->WaitForNews(kSoon));
  ASSERT_THAT(part, IsOk());
  EXPECT_LT(part->rows.size(), whole.rows.size() + hubctl::kServices.size());
  EXPECT_THAT(std::string(part->Completeness().message()), HasSubstr("plans:"));
  for (const hubctl::ServiceAnswer& answer : part->services) {
    EXPECT_EQ(answer.status.ok(), answer.service != "plans") << answer.service;
  }
  for (const FoundDisclosure& each : part->rows) EXPECT_NE(each.service, "plans");
}

}  // namespace
}  // namespace trusthub::testing
