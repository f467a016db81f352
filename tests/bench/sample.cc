#include "tests/bench/sample.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/identifiers/identifiers.h"
#include "common/time/clock.h"
#include "trusthub/children/v1/children_service.pb.h"

namespace trusthub::bench {

using children::v1::RegisterChildRequest;
using referrals::v1::SubmitReferralRequest;

namespace {

std::string NhsNumber(int n) {
  for (int digit = 0; digit < 10; ++digit) {
    std::string number = absl::StrFormat("9995%05d%d", n, digit);
    if (identifiers::IsNhsNumber(number)) return number;
  }
  return "";
}

absl::StatusOr<Sample> RegisterAll(hubctl::Desk& school) {
  Sample sample;
  for (int n = 0; static_cast<int>(sample.children.size()) < kChildren; ++n) {
    const std::string nhs = NhsNumber(n);
    if (nhs.empty()) continue;
    RegisterChildRequest child;
    child.set_request_id(RandomUuid());
    auto* details = child.mutable_details();
    details->mutable_person_name()->set_given(absl::StrCat("Bench", n));
    details->mutable_person_name()->set_family(absl::StrCat("Sample", n * 7919));
    details->mutable_birth_date()->set_year(2001);
    details->mutable_birth_date()->set_month(1 + n % 12);
    details->mutable_birth_date()->set_day(1 + n % 28);
    details->set_sex(children::v1::SEX_FEMALE);
    details->set_nhs_number(nhs);
    TRUSTHUB_ASSIGN_OR_RETURN(
        const auto registered,
        school.Call<children::v1::RegisterChildResponse>(child, "safeguarding_referral", "BENCH"));
    sample.nhs_numbers.push_back(nhs);
    sample.children.push_back(registered.child());
  }
  return sample;
}

absl::Status SubmitAll(hubctl::Desk& school, Sample* sample) {
  for (const std::string& child : sample->children) {
    absl::StatusOr<referrals::v1::SubmitReferralResponse> answer;
    // The referrals service learns of the child from the index's events.
    const absl::Time limit = RealClock().Now() + absl::Seconds(20);
    do {
      answer = school.Call<referrals::v1::SubmitReferralResponse>(ReferralOf(child),
                                                                  "safeguarding_referral", "BENCH");
    } while (!answer.ok() && RealClock().Now() < limit);
    if (!answer.ok()) return answer.status();
    sample->referrals.push_back(answer->referral().name());
  }
  return absl::OkStatus();
}

}  // namespace

SubmitReferralRequest ReferralOf(const std::string& child) {
  SubmitReferralRequest request;
  request.set_request_id(RandomUuid());
  request.set_to_agency("agencies/redbridge-council");
  auto* referral = request.mutable_referral();
  referral->set_child(child);
  referral->set_source("2A");
  referral->set_primary_need("N1");
  referral->set_abuse_category("NEG");
  referral->set_concern(
      "Arrives hungry and unwashed most mornings, wears the same clothes all week and falls asleep "
      "in lessons. A younger sibling is often collected late by an older cousin.");
  referral->set_ethnicity("APKN");
  referral->set_first_language("ur");
  referral->set_parent_informed(true);
  return request;
}

absl::StatusOr<Sample> MakeSample(hubctl::Desk& school) {
  TRUSTHUB_ASSIGN_OR_RETURN(Sample sample, RegisterAll(school));
  TRUSTHUB_RETURN_IF_ERROR(SubmitAll(school, &sample));
  return sample;
}

absl::StatusOr<Target> TargetOf(const hubctl::Hub& hub, const hubctl::Desk& desk,
                                const std::string& service, const std::string& method,
                                const std::string& purpose) {
  Target target;
  target.address = hub.addresses().at(service);
  target.method = method;
  target.tls = hub.TlsOf(desk.worker().agency());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string token, desk.Token());
  target.metadata = {{"authorization", "Bearer " + token},
                     {"x-trusthub-purpose", purpose},
                     {"x-trusthub-case-reference", "BENCH"},
                     {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  return target;
}

}  // namespace trusthub::bench
