// File: consents_fixture.h
//
// Consents about one child, and what the facts then say, for tests of this folder.
#ifndef TRUSTHUB_SERVICES_CHILDREN_CONSENTS_FIXTURE_H_
#define TRUSTHUB_SERVICES_CHILDREN_CONSENTS_FIXTURE_H_

#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/relations.h"
#include "common/testing/matchers.h"
#include "services/children/children_fixture.h"
#include "services/children/consents.h"

namespace trusthub::children {

// Uphall Primary holds Ayesha; the directory knows the agencies below.
class ConsentsTest : public ChildrenTest {
 protected:
  ConsentsTest() {
    fixture_.KnowAgency("uphall-primary", "SCHOOL");
    fixture_.KnowAgency("nelft", "MENTAL_HEALTH_TRUST");
    fixture_.KnowAgency("nhs-redbridge", "COMMUNITY_HEALTH");
    fixture_.KnowAgency("met-police", "POLICE_FORCE");
    fixture_.KnowAgency("redbridge-council", "COUNCIL");
  }

  // Given by a parent for early help, to the school and NELFT, not to the police.
  v1::Consent Given() const {
    v1::Consent consent;
    consent.set_child(child_);
    consent.set_decision(v1::CONSENT_DECISION_GIVEN);
    consent.add_purposes(options::v1::PURPOSE_EARLY_HELP);
    consent.add_agencies("agencies/uphall-primary");
    consent.add_agencies("agencies/nelft");
    consent.add_excluded_agencies("agencies/met-police");
    consent.set_given_by(v1::CONSENT_GIVER_PARENT);
    consent.set_capacity_basis(v1::CAPACITY_BASIS_PARENTAL_RESPONSIBILITY);
    *consent.mutable_decision_date() = DateToProto(LondonDay(fixture_.now()));
    return consent;
  }
  absl::StatusOr<v1::Consent> TryRecord(const v1::Consent& consent) {
    v1::RecordConsentRequest request;
    *request.mutable_consent() = consent;
    const auto response =
        fixture_.Run(health_visitor_, consents_, &Consents::RecordConsent, request);
    if (!response.ok()) return response.status();
    return response->consent();
  }
  v1::Consent Record(const v1::Consent& consent) {
    const auto recorded = TryRecord(consent);
    EXPECT_THAT(recorded, testing::IsOk());
    return recorded.value_or(v1::Consent());
  }
  // Wholly, or for `agency`.
  absl::StatusOr<v1::Consent> Withdraw(const v1::Consent& consent, absl::string_view agency = "") {
    v1::WithdrawConsentRequest request;
    request.set_name(consent.name());
    request.set_etag(consent.etag());
    if (!agency.empty()) request.add_agencies(absl::StrCat("agencies/", agency));
    request.set_withdrawn_by(v1::CONSENT_GIVER_PARENT);
    request.set_reason("Mother does not want it any more.");
    const auto response =
        fixture_.Run(school_lead_, consents_, &Consents::WithdrawConsent, request);
    if (!response.ok()) return response.status();
    return response->consent();
  }
  internal::v1::ChildFacts Facts() {
    store::Transaction tx = fixture_.Begin();
    return events::ChildFactsOf(tx, child_).value_or(internal::v1::ChildFacts());
  }
  // What every service then reckons with.
  policy::ConsentStanding StandingOf(
      absl::string_view agency, absl::string_view kind,
      options::v1::Purpose purpose = options::v1::PURPOSE_EARLY_HELP) {
    const std::string name = absl::StrCat("agencies/", agency);
    return events::ConsentOf(Facts(), {name, kind, "", purpose}, fixture_.now());
  }

  Consents consents_;
  const auth::Principal health_visitor_ =
      testing::Caller("nhs-redbridge", "hv", options::v1::ROLE_HEALTH_VISITOR);
  const auth::Principal school_lead_ =
      testing::Caller("uphall-primary", "lead", options::v1::ROLE_DESIGNATED_LEAD);
  const std::string child_ = Registered("uphall-primary", Ayesha());
};

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_CONSENTS_FIXTURE_H_
