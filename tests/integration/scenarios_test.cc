// The end-to-end scenarios that turn on who may know what (domain.md 9): 2, 4, 9, 11, 12 and 15,
// with everything that must be refused, over real connections between six services.
//
// What the hub offers no method for yet, and so cannot be asked: distances of placements, notices
// to area authorities, exports and searches (9); records of missing children (10); exports to a
// parent, and parents as callers at all (12); indicators, dashboards and disposal (15). Of those
// that a schema can show, the last test shows that no field would hold them.
#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/ids.h"
#include "common/error/error.h"
#include "common/rpc/method_table.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/e2e/hub_records.h"
#include "tests/integration/answers.h"
#include "tests/integration/changed_copy.h"
#include "tests/integration/family.h"
#include "tests/integration/local_hub.h"
#include "tests/integration/scenarios_fixture.h"
#include "tests/integration/told_of.h"
#include "trusthub/assessments/v1/checks_service.pb.h"
#include "trusthub/assessments/v1/common_assessments_service.pb.h"
#include "trusthub/children/v1/break_glass_service.pb.h"
#include "trusthub/children/v1/consents_service.pb.h"
#include "trusthub/health/v1/consultations_service.pb.h"
#include "trusthub/health/v1/health_records_service.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"
#include "trusthub/policy/v1/decisions_service.pb.h"

namespace trusthub::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

// --- 2: A&E attendance of a child with a plan --------------------------------------------------

TEST_F(Scenarios, S02TheNurseSeesTheFlagAndNothingOfThePlan) {
  const auto family = NewFamily();
  ASSERT_THAT(family->Register(), IsOk());
  ASSERT_THAT(family->Refer(), IsOk());
  ASSERT_THAT(family->Enquire(Tables()), IsOk());
  ASSERT_THAT(family->Confer(Tables()), IsOk());
  ASSERT_TRUE(Within(kSoon, [&] {
    return family->Present().ok() && family->path().attendance.flags().flags_size() > 0;
  }));
  const health::v1::StatusFlag& flag = family->path().attendance.flags().flags(0);
  EXPECT_EQ(flag.kind(), "CHILD_PROTECTION_PLAN");
  EXPECT_EQ(flag.emergency_telephone(), "020 7946 0999");

  plans::v1::GetPlanRequest get;
  get.set_name(family->path().plan.name());
  std::string kinds;
  EXPECT_TRUE(Within(kSoon, [&] {
    kinds = Kinds("bhrut-nurse-01", get, "unscheduled_care");
    return kinds == "plan_status";
  })) << kinds;
  const Answer plan = Put("bhrut-nurse-01", get, "unscheduled_care");
  ASSERT_THAT(plan.status, IsOk());
  EXPECT_THAT(static_cast<const plans::v1::GetPlanResponse&>(*plan.response).plan().actions(),
              IsEmpty());
  EXPECT_THAT(
      static_cast<const plans::v1::GetPlanResponse&>(*plan.response).plan().abuse_category(),
      IsEmpty());
  // And is told what she does not see, why, by which rule and whom to ask.
  const types::v1::Withheld told =
      WithheldIn(static_cast<const plans::v1::GetPlanResponse&>(*plan.response).disclosure(),
                 options::v1::CATEGORY_PLAN_CONTENT);
  EXPECT_EQ(told.rule(), "unscheduled-care/never-plan-content");
  EXPECT_THAT(told.reason(), HasSubstr("ring the duty team"));
  EXPECT_EQ(told.released_by(), "agencies/redbridge-council");
  // The school reads its referral without the manager's reasons, which it could get.
  referrals::v1::GetReferralRequest referral;
  referral.set_name(family->path().referral.name());
  const Answer schools = Put("uphall-lead-01", referral, "safeguarding_referral");
  ASSERT_THAT(schools.status, IsOk());
  const types::v1::Withheld reasons = WithheldIn(
      static_cast<const referrals::v1::GetReferralResponse&>(*schools.response).disclosure(),
      options::v1::CATEGORY_ASSESSMENT_NARRATIVE);
  EXPECT_THAT(reasons.rule(), HasSubstr("/"));
  EXPECT_THAT(reasons.reason(), Not(IsEmpty()));
  EXPECT_THAT(reasons.what_would_change(), Not(IsEmpty()));
  EXPECT_THAT(reasons.released_by(), HasSubstr("agencies/"));
}

TEST_F(Scenarios, S02WhatUnscheduledCareIsRefused) {
  const auto family = NewFamily();
  ASSERT_THAT(family->Register(), IsOk());
  children::v1::CheckChildRequest check;
  check.set_nhs_number(family->nhs_number());
  EXPECT_EQ(Kinds("bhrut-nurse-01", check, "unscheduled_care"), "REQUEST_INVALID")
      << "no attendance id";
  check.set_attendance_id("KGH-1");
  EXPECT_EQ(Kinds("bhrut-reception-01", check, "unscheduled_care"), "METHOD_NOT_PERMITTED");
  EXPECT_EQ(Kinds("bhrut-nurse-01", check, "health_care"), "METHOD_NOT_PERMITTED")
      << "a silent read of planned care";
  check.set_nhs_number("9434765918");
  EXPECT_EQ(Kinds("bhrut-nurse-01", check, "unscheduled_care"), "REQUEST_INVALID")
      << "fails modulus 11";
  // A child who is not on the list: an explicit answer without a record.
  check.set_nhs_number("9434765919");
  EXPECT_EQ(Kinds("bhrut-nurse-01", check, "unscheduled_care"), "nothing");
}

// --- 4: domestic violence, section 47 ----------------------------------------------------------

TEST_F(Scenarios, S04ChecksAreAnsweredWithoutConsentAndIntelligenceStaysGraded) {
  const auto family = NewFamily();
  ASSERT_THAT(family->Register(), IsOk());
  ASSERT_THAT(family->Refer(), IsOk());
  ASSERT_THAT(family->Report(), IsOk());

  const auto ask = [&](assessments::v1::CheckKind kind, const std::string& agency,
                       const std::string& enquiry) {
    assessments::v1::RequestCheckRequest request;
    request.set_request_id(RandomUuid());
    assessments::v1::Check& check = *request.mutable_check();
    check.set_child(family->child());
    check.set_kind(kind);
    check.set_enquiry(enquiry);
    check.set_to_agency(absl::StrCat("agencies/", agency));
    check.set_question("What is known of the child and the household?");
    *check.mutable_due_time() = TimeToProto(absl::FromCivil(Today() + 3, London()));
    return request;
  };
  constexpr auto kSection47 = assessments::v1::CHECK_KIND_SECTION_47_ASSIST;
  EXPECT_EQ(Kinds("lbr-sw-01", ask(kSection47, "nhs-redbridge", "enquiries/none"),
                  "child_protection_enquiry"),
            "BASIS_MISSING")
      << "no live section 47 enquiry";

  Tables tables;
  tables.strategy = {"redbridge-council", "met-police", "bhrut", "uphall-primary"};
  ASSERT_THAT(family->Enquire(tables), IsOk());
  for (const auto& [agency, worker] : std::vector<std::pair<const char*, const char*>>{
           {"nhs-redbridge", "nhsr-visitor-01"},
           {"nelft", "nelft-camhs-01"},
           {"redbridge-housing", "housing-officer-01"}}) {
    const auto asked = Do<assessments::v1::RequestCheckResponse>(
        "lbr-sw-01", ask(kSection47, agency, family->path().enquiry.name()),
        "child_protection_enquiry");
    ASSERT_THAT(asked, IsOk()) << agency;
    assessments::v1::AnswerCheckRequest answer;
    answer.set_request_id(RandomUuid());
    answer.set_name(asked->check().name());
    answer.set_etag(asked->check().etag());
    answer.set_answer("Known since 2008.");
    const auto answered =
        Do<assessments::v1::AnswerCheckResponse>(worker, answer, "child_protection_enquiry");
    ASSERT_THAT(answered, IsOk()) << worker;
    EXPECT_TRUE(answered->check().has_answer_time());
  }

  // The police answer with what they know, graded; the school at the same table never sees it.
  ASSERT_THAT(family->AskPolice(), IsOk());
  EXPECT_THAT(KindsOf<assessments::v1::GetCheckRequest>("lbr-sw-01", family->check().name(),
                                                        "child_protection_enquiry"),
              HasSubstr("police_intelligence"));
  EXPECT_EQ(KindsOf<assessments::v1::GetCheckRequest>("uphall-lead-01", family->check().name(),
                                                      "child_protection_enquiry"),
            "RECORD_NOT_FOUND");
  EXPECT_EQ(KindsOf<referrals::v1::GetContactRequest>("uphall-lead-01", family->contact().name(),
                                                      "safeguarding_referral"),
            "RECORD_NOT_FOUND");

  // A refusal says why, by a code of the list.
  const auto asked = Do<assessments::v1::RequestCheckResponse>(
      "lbr-sw-01", ask(kSection47, "nhs-redbridge", family->path().enquiry.name()),
      "child_protection_enquiry");
  ASSERT_THAT(asked, IsOk());
  assessments::v1::RefuseCheckRequest refuse;
  refuse.set_request_id(RandomUuid());
  refuse.set_name(asked->check().name());
  refuse.set_etag(asked->check().etag());
  refuse.set_note("Not today.");
  EXPECT_EQ(Kinds("nhsr-visitor-01", refuse, "child_protection_enquiry"), "REQUEST_INVALID");
  refuse.set_refusal(assessments::v1::CHECK_REFUSAL_NOT_HELD);
  EXPECT_THAT(Put("nhsr-visitor-01", refuse, "child_protection_enquiry").status, IsOk());
}

TEST_F(Scenarios, S04UnqualifiedLeadsAndSaturdaysAreRefused) {
  const auto family = NewFamily();
  ASSERT_THAT(family->Register(), IsOk());
  ASSERT_THAT(family->Refer(), IsOk());
  ASSERT_THAT(family->Enquire(Tables()), IsOk());
  assessments::v1::StartEnquiryRequest start;
  start.set_request_id(RandomUuid());
  start.mutable_enquiry()->set_child(family->child());
  start.mutable_enquiry()->set_strategy_discussion(family->path().discussion.name());
  start.mutable_enquiry()->set_lead_worker("workers/lbr-sw-02");
  EXPECT_EQ(Kinds("lbr-manager-01", start, "child_protection_enquiry"), "WORKER_NOT_QUALIFIED");

  ASSERT_THAT(family->ConcludeEnquiry(), IsOk());
  const absl::Time monday = hub_->clock().Now();
  const absl::CivilDay saturday = absl::NextWeekday(Today(), absl::Weekday::saturday);
  hub_->clock().Set(absl::FromCivil(absl::CivilHour(saturday) + 10, London()));
  plans::v1::RecordConferenceRequest conference = family->ConferenceOf(Tables());
  std::string reason;
  EXPECT_TRUE(Within(kSoon, [&] {
    conference.set_request_id(RandomUuid());
    reason = Kinds("lbr-chair-01", conference, "child_protection_planning");
    return reason == "DATE_FORBIDDEN";
  })) << reason;
  hub_->clock().Set(monday);
}

// --- 9: confidential out-of-area placement -----------------------------------------------------

// A read, and the purposes and roles for which it is offered.
struct ReadOffered {
  std::unique_ptr<google::protobuf::Message> request;
  const rpc::Method* method;
};

// Names of all that there is of the family, by collection.
std::multimap<std::string, std::string> NamesOf(const Family& family) {
  std::multimap<std::string, std::string> names;
  const CasePath& path = family.path();
  for (const std::string& name :
       {family.child(), path.referral.name(), path.assessment.name(), path.discussion.name(),
        path.enquiry.name(), path.conference.name(), path.plan.name(),
        path.attendance.attendance().name(), family.contact().name(), family.check().name(),
        family.allegation().name(), family.placement().name(), family.health_record().name()}) {
    EXPECT_THAT(name, Not(IsEmpty()));
    names.emplace(std::string(CollectionOf(name)), name);
  }
  return names;
}

// Every read that any service offers of the family: of each record by its name, of lists by the
// child, by the number that the child is known by.
std::vector<ReadOffered> ReadsAbout(LocalHub& hub, const Family& family) {
  const auto names = NamesOf(family);
  std::vector<ReadOffered> reads;
  std::set<const google::protobuf::Descriptor*> seen;
  for (const char* service : hubctl::kServices) {
    for (const auto& method : hub.host(service).methods().methods()) {
      const google::protobuf::Descriptor* type = method->descriptor->input_type();
      if (method->rule.mutates() || method->descriptor->server_streaming() ||
          !seen.insert(type).second) {
        continue;
      }
      const auto make = [&] {
        return std::unique_ptr<google::protobuf::Message>(
            google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
      };
      for (int i = 0; i < type->field_count(); ++i) {
        const google::protobuf::FieldDescriptor* field = type->field(i);
        const auto& rule = field->options().GetExtension(options::v1::field);
        if (field->is_repeated() || field->type() != field->TYPE_STRING) continue;
        const auto [first, last] = names.equal_range(rule.collection());
        for (auto name = first; name != last; ++name) {
          reads.push_back({make(), method.get()});
          google::protobuf::Message& request = *reads.back().request;
          request.GetReflection()->SetString(&request, field, name->second);
        }
      }
    }
  }
  auto check = std::make_unique<children::v1::CheckChildRequest>();
  check->set_nhs_number(family.nhs_number());
  check->set_attendance_id(family.path().attendance.attendance().attendance_id());
  for (const auto& method : hub.host("children").methods().methods()) {
    if (method->descriptor->input_type() != check->GetDescriptor()) continue;
    reads.push_back({std::move(check), method.get()});
    break;
  }
  return reads;
}

TEST_F(Scenarios, S09AHiddenAddressIsForThoseWhoGoThere) {
  const auto family = NewFamily();
  ASSERT_THAT(family->Build(Tables()), IsOk());
  const std::string postcode = family->placement().confidential_address().postcode();
  ASSERT_THAT(postcode, Not(IsEmpty()));
  const std::string& name = family->placement().name();
  for (const auto& [worker, purpose] :
       std::vector<std::pair<const char*, const char*>>{{"lbr-sw-01", "looked_after_care"},
                                                        {"lbr-placement-01", "looked_after_care"},
                                                        {"lbr-iro-01", "looked_after_care"},
                                                        {"met-cait-01", "police_protection"}}) {
    EXPECT_THAT(KindsOf<plans::v1::GetPlacementRequest>(worker, name, purpose),
                HasSubstr("confidential_address"))
        << worker;
  }
  // Recipients of a notice: that the child is placed, since when, and no more.
  for (const auto& [worker, purpose] :
       std::vector<std::pair<const char*, const char*>>{{"nhsr-visitor-01", "health_care"},
                                                        {"uphall-lead-01", "education_support"},
                                                        {"nelft-camhs-01", "health_care"}}) {
    EXPECT_EQ(KindsOf<plans::v1::GetPlacementRequest>(worker, name, purpose), "plan_status")
        << worker;
  }
  // Housing: as if there were none.
  plans::v1::GetPlacementRequest get;
  get.set_name(name);
  const Answer there = Put("housing-officer-01", get, "housing_support");
  plans::v1::GetPlacementRequest none;
  none.set_name(NewName("placements"));
  const Answer not_there = Put("housing-officer-01", none, "housing_support");
  EXPECT_EQ(KindsIn(there), "RECORD_NOT_FOUND");
  EXPECT_EQ(Canonical().TextOf(there), Canonical().TextOf(not_there));

  // Whatever else they read, the postcode is nowhere in it, nor in what is refused, nor in what
  // streams tell.
  const std::vector<ReadOffered> reads = ReadsAbout(*hub_, *family);
  int answered = 0;
  for (const char* worker :
       {"housing-officer-01", "nhsr-visitor-01", "nhsr-gp-01", "uphall-lead-01", "nelft-camhs-01",
        "bhrut-nurse-01", "lbr-sw-02", "lbr-manager-01", "lbr-virtual-school-01"}) {
    for (const ReadOffered& read : reads) {
      if (((read.method->roles >> cast_->At(worker).worker().role()) & 1) == 0) continue;
      for (const int value : read.method->rule.purposes()) {
        const auto purpose = static_cast<options::v1::Purpose>(value);
        const Answer answer = Put(worker, *read.request,
                                  absl::AsciiStrToLower(absl::StripPrefix(
                                      options::v1::Purpose_Name(purpose), "PURPOSE_")));
        const std::string told = answer.status.ok() ? answer.response->SerializeAsString()
                                                    : error::WireDetails(answer.status);
        EXPECT_FALSE(absl::StrContains(told, postcode))
            << worker << " for " << options::v1::Purpose_Name(purpose) << " by "
            << read.request->GetTypeName();
        answered += answer.status.ok() ? 1 : 0;
      }
    }
  }
  EXPECT_GT(answered, 100);
  int told = 0;
  for (const auto& [worker, purpose] : std::vector<std::pair<const char*, const char*>>{
           {"lbr-sw-02", "child_protection_planning"}, {"lbr-manager-01", "assessment"}}) {
    for (const char* service : {"children", "plans"}) {
      const auto events = ToldOf(cast_->At(worker), service, events::v1::WatchRequest(), purpose);
      ASSERT_THAT(events, IsOk()) << worker;
      for (const events::v1::Event& event : *events) {
        EXPECT_FALSE(absl::StrContains(event.SerializeAsString(), postcode)) << worker;
        ++told;
      }
    }
  }
  EXPECT_GT(told, 0);
}

TEST_F(Scenarios, S09NoPlacementOutOfAreaWithoutApproval) {
  const auto family = NewFamily();
  ASSERT_THAT(family->Register(), IsOk());
  ASSERT_THAT(family->Refer(), IsOk());
  plans::v1::RecordPlacementRequest request =
      family->PlacementOf(/*hidden=*/true, /*for_adoption=*/false);
  request.mutable_placement()->clear_approved_by();
  EXPECT_EQ(Kinds("lbr-placement-01", request, "looked_after_care"), "REQUEST_INVALID");
  request.mutable_placement()->set_approved_by("workers/uphall-lead-01");
  request.set_request_id(RandomUuid());
  EXPECT_EQ(Kinds("lbr-placement-01", request, "looked_after_care"), "REQUEST_INVALID")
      << "approved by another agency's worker";
}

// --- 12: a competent 15-year-old ---------------------------------------------------------------

TEST_F(Scenarios, S12AdviceStaysWithItsAuthorsUntilItIsReleased) {
  const auto family = NewFamily();
  ASSERT_THAT(family->Build(Tables()), IsOk());
  ASSERT_THAT(family->Advise(), IsOk());
  using Get = health::v1::GetConsultationRequest;
  const std::string name = family->consultation().name();
  EXPECT_EQ(KindsOf<Get>("nhsr-school-nurse-01", name, "health_care"), "sexual_health");
  const std::vector<std::pair<const char*, const char*>> others = {
      {"uphall-lead-01", "education_support"},
      {"lbr-sw-01", "child_protection_enquiry"},
      {"lbr-sw-01", "assessment"},
      {"lbr-manager-01", "child_protection_enquiry"},
      {"lbr-virtual-school-01", "looked_after_care"},
      {"met-cait-01", "police_protection"},
      {"lbr-caldicott-01", "governance"}};
  health::v1::ListConsultationsRequest list;
  list.set_child(family->child());
  for (const auto& [worker, purpose] : others) {
    EXPECT_EQ(KindsOf<Get>(worker, name, purpose), "RECORD_NOT_FOUND") << worker;
    EXPECT_EQ(Kinds(worker, list, purpose), "nothing") << worker;
  }
  // In no stream either: recording it was no event, and nothing else names it.
  const auto events = EventsOf(hub_->hub(), "health");
  ASSERT_THAT(events, IsOk());
  for (const events::v1::Event& event : *events) EXPECT_NE(event.record(), name);

  // Emergency access is no way to it: not without a reason, and not with one.
  children::v1::OpenBreakGlassRequest open;
  open.set_request_id(RandomUuid());
  open.mutable_break_glass()->set_child(family->child());
  open.mutable_break_glass()->add_categories(options::v1::CATEGORY_SEXUAL_HEALTH);
  EXPECT_EQ(Kinds("lbr-sw-01", open, "child_protection_enquiry"), "REQUEST_INVALID");
  open.set_request_id(RandomUuid());
  open.mutable_break_glass()->set_reason("Found unconscious, nothing known of her medication.");
  EXPECT_EQ(Kinds("lbr-sw-01", open, "child_protection_enquiry"), "REQUEST_INVALID");
  // Nor to what it does open, without a reason.
  open.set_request_id(RandomUuid());
  open.mutable_break_glass()->set_categories(0, options::v1::CATEGORY_IDENTITY);
  open.mutable_break_glass()->set_reason("");
  EXPECT_THAT(error::Explain(Put("lbr-sw-01", open, "child_protection_enquiry").status),
              Contains(HasSubstr("break_glass.reason")));
  open.set_request_id(RandomUuid());
  open.mutable_break_glass()->set_reason("Found unconscious, nothing known of her medication.");
  EXPECT_THAT(Put("lbr-sw-01", open, "child_protection_enquiry").status, IsOk());

  // The guardian of the service releases it to one agency, with a reason.
  Get get;
  get.set_name(name);
  const auto read = Do<health::v1::GetConsultationResponse>("nhsr-caldicott-01", get, "governance");
  ASSERT_THAT(read, IsOk());
  health::v1::ReleaseConsultationRequest release;
  release.set_request_id(RandomUuid());
  release.set_name(name);
  release.set_etag(read->consultation().etag());
  release.set_to_agency("agencies/redbridge-council");
  EXPECT_EQ(Kinds("nhsr-caldicott-01", release, "governance"), "REQUEST_INVALID") << "no reason";
  release.set_reason("She says that an adult coerces her; significant harm is likely.");
  const auto released =
      Do<health::v1::ReleaseConsultationResponse>("nhsr-caldicott-01", release, "governance");
  ASSERT_THAT(released, IsOk());
  ASSERT_THAT(released->consultation().releases(), SizeIs(1));
  EXPECT_EQ(*DateFromProto(released->consultation().releases(0).review_due_date()), Today() + 1);
  EXPECT_EQ(KindsOf<Get>("lbr-sw-01", name, "child_protection_enquiry"), "sexual_health");
  for (const auto& [worker, purpose] : others) {
    if (absl::StartsWith(worker, "lbr-sw") || absl::StartsWith(worker, "lbr-manager")) continue;
    EXPECT_EQ(KindsOf<Get>(worker, name, purpose), "RECORD_NOT_FOUND") << worker;
  }
  // The alert is the author's alone: it names no child to anyone.
  const auto after = EventsOf(hub_->hub(), "health");
  ASSERT_THAT(after, IsOk());
  int alerts = 0;
  for (const events::v1::Event& event : *after) {
    if (event.record() != name) continue;
    ++alerts;
    EXPECT_EQ(event.kind(), events::v1::EVENT_KIND_CONSULTATION_RELEASED);
    EXPECT_THAT(event.child(), IsEmpty());
    EXPECT_EQ(event.owner_agency(), "agencies/nhs-redbridge");
  }
  EXPECT_EQ(alerts, 1);
}

// --- 15: indicators, exports, disposal, misuse -------------------------------------------------

TEST_F(Scenarios, S15NoAnalystSeesANameAndNoNeighbourARecord) {
  const auto family = NewFamily();
  ASSERT_THAT(family->Register(), IsOk());
  ASSERT_THAT(family->Refer(), IsOk());
  for (const char* purpose : {"assessment", "screening", "governance", "inspection"}) {
    EXPECT_EQ(KindsOf<children::v1::GetChildRequest>("lbr-analyst-01", family->child(), purpose),
              "METHOD_NOT_PERMITTED")
        << purpose;
  }
  // A worker without a relationship is answered as for a child who does not exist. That such reads
  // are noticed and reviewed is insider_test's.
  for (const auto& [worker, purpose] :
       std::vector<std::pair<const char*, const char*>>{{"valentines-lead-01", "education_support"},
                                                        {"whipps-nurse-01", "unscheduled_care"},
                                                        {"connexions-adviser-01", "early_help"}}) {
    children::v1::GetChildRequest none;
    none.set_name(NewName("children"));
    children::v1::GetChildRequest neighbour;
    neighbour.set_name(family->child());
    const Answer there = Put(worker, neighbour, purpose);
    EXPECT_EQ(KindsIn(there), "RECORD_NOT_FOUND") << worker;
    EXPECT_EQ(Canonical().TextOf(there), Canonical().TextOf(Put(worker, none, purpose))) << worker;
  }
  for (const char* service : hubctl::kServices) {
    EXPECT_THAT(CheckAuditLog(hub_->hub(), service, {}), IsOk()) << service;
  }
}

TEST(EndedAgreement, S15ACallUnderAnAgreementThatEndedYesterdayIsRefused) {
  TempFolder folder;
  const std::string agreements = folder.File("agreements");
  const absl::CivilDay yesterday = LondonDay(CaseStart());
  ASSERT_THAT(CopyChanged("deploy/config/redbridge/agreements", agreements,
                          {{"referrals.yaml", "effective_to: open",
                            absl::StrCat("effective_to: ", FormatDay(yesterday))}}),
              IsOk());
  LocalHubOptions options;
  options.adjust = [&](absl::string_view, config::Config* config) {
    config->agreements_folder = agreements;
  };
  auto hub = LocalHub::Start(options);
  ASSERT_THAT(hub, IsOk());
  Cast cast(&(*hub)->hub());
  Family family(&(*hub)->hub(), &cast, 1, yesterday);
  ASSERT_THAT(family.Register(), IsOk());
  ASSERT_THAT(family.Refer(), IsOk());
  referrals::v1::GetReferralRequest get;
  get.set_name(family.path().referral.name());
  const auto read = [&](const char* worker, const char* purpose) {
    return KindsIn(Ask(cast.At(worker), get, purpose, "SCENARIO-15"));
  };
  EXPECT_THAT(read("uphall-lead-01", "safeguarding_referral"), HasSubstr("referral_decision"))
      << "on its last day";
  (*hub)->clock().Advance(absl::Hours(24));
  // What the agreement alone gave is gone, at once and on every service; the council's own stays.
  const std::string refused = read("uphall-lead-01", "safeguarding_referral");
  EXPECT_TRUE(refused == "AGREEMENT_MISSING" || refused == "RECORD_NOT_FOUND") << refused;
  EXPECT_THAT(read("lbr-sw-01", "assessment"), HasSubstr("referral_concern"));
}

// --- what no method could answer ---------------------------------------------------------------

void CollectFields(const google::protobuf::Descriptor* message,
                   std::set<const google::protobuf::Descriptor*>* seen,
                   std::vector<std::string>* fields) {
  if (!seen->insert(message).second) return;
  for (int i = 0; i < message->field_count(); ++i) {
    fields->push_back(message->field(i)->full_name());
    if (message->field(i)->message_type() != nullptr) {
      CollectFields(message->field(i)->message_type(), seen, fields);
    }
  }
}

TEST_F(Scenarios, NoAnswerHasAPlaceForDistancesOrHeadcountsOfTheHidden) {
  std::set<const google::protobuf::Descriptor*> seen;
  std::vector<std::string> fields;
  for (const char* service : hubctl::kServices) {
    for (const auto& method : hub_->host(service).methods().methods()) {
      CollectFields(method->descriptor->output_type(), &seen, &fields);
    }
  }
  ASSERT_THAT(fields, SizeIs(::testing::Gt(300u)));
  for (const std::string& field : fields) {
    for (const char* word : {"distance", "total_size", "total_count", "latitude", "easting"}) {
      EXPECT_FALSE(absl::StrContains(field, word)) << field;
    }
  }
}

}  // namespace
}  // namespace trusthub::testing
