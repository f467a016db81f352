// File: assessments_fixture.h
//
// Redbridge in March 2010 for the tests of this service.
#ifndef TRUSTHUB_SERVICES_ASSESSMENTS_ASSESSMENTS_FIXTURE_H_
#define TRUSTHUB_SERVICES_ASSESSMENTS_ASSESSMENTS_FIXTURE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"
#include "services/assessments/assessments.h"

namespace trusthub::assessments {

class AssessmentsFixture : public ::testing::Test {
 protected:
  AssessmentsFixture() {
    auto rules = timescales::LoadRules(testing::SourcePath("deploy/config/timescales"));
    EXPECT_TRUE(rules.ok()) << rules.status();
    assessments_ = std::make_unique<Assessments>(*std::move(rules));
    hub_.KnowAgency("redbridge-council", "COUNCIL");
    hub_.KnowAgency("newham-council", "COUNCIL");
    hub_.KnowAgency("metropolitan-police", "POLICE_FORCE");
    hub_.KnowAgency("king-george", "ACUTE_TRUST");
    hub_.KnowAgency("mayfield-school", "SCHOOL");
    hub_.KnowAgency("nelft", "MENTAL_HEALTH_TRUST");
    hub_.KnowAgency("redbridge-homes", "HOUSING");
    const types::v1::Date qualified = DateToProto(absl::CivilDay(2005, 7, 1));
    hub_.KnowWorker("asha", "redbridge-council", options::v1::ROLE_SOCIAL_WORKER, &qualified);
    hub_.KnowWorker("tom", "redbridge-council", options::v1::ROLE_SOCIAL_WORKER);
    hub_.KnowWorker("zoe", "newham-council", options::v1::ROLE_SOCIAL_WORKER, &qualified);
  }

  // What the referrals service told of a referral received at `received`.
  void KnowReferral(const std::string& name, absl::Time received,
                    const std::string& decision = "ASSESS",
                    const std::string& child = "children/amira") {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_REFERRAL_DECIDED);
    event.set_child(child);
    event.set_record(name);
    event.mutable_referral()->set_to_agency("agencies/redbridge-council");
    event.mutable_referral()->set_from_agency("agencies/mayfield-school");
    *event.mutable_referral()->mutable_receive_time() = TimeToProto(received);
    event.mutable_referral()->set_decision(decision);
    event.mutable_referral()->set_child(child);
    hub_.Know(event);
  }

  static v1::StartAssessmentRequest AssessmentOf(
      const std::string& referral, v1::AssessmentKind kind = v1::ASSESSMENT_KIND_INITIAL) {
    v1::StartAssessmentRequest request;
    request.mutable_assessment()->set_child("children/amira");
    request.mutable_assessment()->set_kind(kind);
    request.mutable_assessment()->set_referral(referral);
    request.mutable_assessment()->set_lead_worker("workers/asha");
    return request;
  }
  absl::StatusOr<v1::Assessment> Start(const v1::StartAssessmentRequest& request) {
    return Start(social_worker_, request);
  }
  absl::StatusOr<v1::Assessment> Start(const auth::Principal& caller,
                                       const v1::StartAssessmentRequest& request) {
    auto response = hub_.Run(caller, *assessments_, &Assessments::StartAssessment, request);
    if (!response.ok()) return response.status();
    return response->assessment();
  }

  static v1::AuthoriseAssessmentRequest AuthorisationOf(const v1::Assessment& assessment,
                                                        absl::CivilDay seen) {
    v1::AuthoriseAssessmentRequest request;
    request.set_name(assessment.name());
    request.set_etag(assessment.etag());
    *request.mutable_child_seen_date() = DateToProto(seen);
    request.set_child_seen_alone(true);
    request.set_child_views("I want mum to wake up in the morning");
    request.set_analysis("Neglect");
    return request;
  }
  absl::StatusOr<v1::Assessment> Authorise(const auth::Principal& caller,
                                           const v1::AuthoriseAssessmentRequest& request) {
    auto response = hub_.Run(caller, *assessments_, &Assessments::AuthoriseAssessment, request);
    if (!response.ok()) return response.status();
    return response->assessment();
  }

  // A quorate discussion that decides on enquiries.
  static v1::RecordStrategyDiscussionRequest Discussion() {
    v1::RecordStrategyDiscussionRequest request;
    v1::StrategyDiscussion* discussion = request.mutable_strategy_discussion();
    discussion->set_child("children/amira");
    discussion->set_start_enquiry(true);
    discussion->set_interim_safety("Stays with grandmother");
    discussion->set_decision_reason("Repeated injuries");
    for (const char* agency : {"redbridge-council", "metropolitan-police", "king-george"}) {
      discussion->add_participants()->set_agency(absl::StrCat("agencies/", agency));
    }
    return request;
  }
  absl::StatusOr<v1::StrategyDiscussion> Record(
      const v1::RecordStrategyDiscussionRequest& request) {
    auto response =
        hub_.Run(social_worker_, *assessments_, &Assessments::RecordStrategyDiscussion, request);
    if (!response.ok()) return response.status();
    return response->strategy_discussion();
  }

  v1::StrategyDiscussion Recorded() {
    auto discussion = Record(Discussion());
    EXPECT_THAT(discussion, testing::IsOk());
    return *std::move(discussion);
  }
  static v1::StartEnquiryRequest EnquiryOf(const v1::StrategyDiscussion& discussion) {
    v1::StartEnquiryRequest request;
    request.mutable_enquiry()->set_child("children/amira");
    request.mutable_enquiry()->set_strategy_discussion(discussion.name());
    request.mutable_enquiry()->set_lead_worker("workers/asha");
    return request;
  }
  absl::StatusOr<v1::Enquiry> StartEnquiry(const auth::Principal& caller,
                                           const v1::StartEnquiryRequest& request) {
    auto response = hub_.Run(caller, *assessments_, &Assessments::StartEnquiry, request);
    if (!response.ok()) return response.status();
    return response->enquiry();
  }
  static v1::ConcludeEnquiryRequest ConclusionOf(const v1::Enquiry& enquiry, absl::CivilDay seen) {
    v1::ConcludeEnquiryRequest request;
    request.set_name(enquiry.name());
    request.set_etag(enquiry.etag());
    request.set_outcome(v1::ENQUIRY_OUTCOME_SUBSTANTIATED_CONFERENCE);
    request.set_findings("Bruising of different ages");
    *request.mutable_child_seen_date() = DateToProto(seen);
    request.set_child_seen_alone(true);
    request.set_child_views("He gets angry at night");
    return request;
  }
  absl::StatusOr<v1::Enquiry> Conclude(const auth::Principal& caller,
                                       const v1::ConcludeEnquiryRequest& request) {
    auto response = hub_.Run(caller, *assessments_, &Assessments::ConcludeEnquiry, request);
    if (!response.ok()) return response.status();
    return response->enquiry();
  }

  // What the children service told of a consent to early help.
  static events::v1::ConsentFact ConsentGiven(const std::string& name = "consents/one") {
    events::v1::ConsentFact consent;
    consent.set_consent(name);
    consent.set_decision("GIVEN");
    consent.add_purposes(options::v1::PURPOSE_EARLY_HELP);
    return consent;
  }
  void KnowConsent(events::v1::ConsentFact consent, const std::string& child = "children/amira") {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_CONSENT_CHANGED);
    event.set_child(child);
    event.set_record(consent.consent());
    *consent.mutable_decision_date() = DateToProto(LondonDay(hub_.now()));
    *consent.mutable_record_time() = TimeToProto(hub_.now());
    consent.set_record_order(++consents_known_);
    consent.set_change_order(consents_known_);
    *event.mutable_consent() = std::move(consent);
    hub_.Know(event);
  }

  static std::string Day(const types::v1::Date& date) { return FormatDay(*DateFromProto(date)); }

  std::int64_t consents_known_ = 0;
  testing::HandlerFixture hub_{testing::LondonTime(2010, 3, 16, 10)};
  std::unique_ptr<Assessments> assessments_;
  const auth::Principal social_worker_ = testing::Caller("redbridge-council", "asha");
  const auth::Principal manager_ =
      testing::Caller("redbridge-council", "meera", options::v1::ROLE_TEAM_MANAGER);
  const auth::Principal newham_ =
      testing::Caller("newham-council", "zoe", options::v1::ROLE_TEAM_MANAGER);
};

}  // namespace trusthub::assessments

#endif  // TRUSTHUB_SERVICES_ASSESSMENTS_ASSESSMENTS_FIXTURE_H_
