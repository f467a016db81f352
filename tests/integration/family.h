// File: family.h
//
// One child and all that agencies know of it, made through the RPCs by the workers whose work it
// is: what tests of who may know what ask about.
#ifndef TRUSTHUB_TESTS_INTEGRATION_FAMILY_H_
#define TRUSTHUB_TESTS_INTEGRATION_FAMILY_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "deploy/hubctl/hub_folder.h"
#include "tests/e2e/case_path.h"
#include "trusthub/assessments/v1/allegation.pb.h"
#include "trusthub/assessments/v1/check.pb.h"
#include "trusthub/health/v1/consultation.pb.h"
#include "trusthub/health/v1/health_record.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referral.pb.h"

namespace trusthub::testing {

// Workers of the directory at their desks, by id. Keeps every desk; ends the program when there is
// no such worker.
class Cast {
 public:
  explicit Cast(const hubctl::Hub* hub) : hub_(hub) {}
  hubctl::Desk& At(absl::string_view worker);

 private:
  const hubctl::Hub* const hub_;
  std::map<std::string, std::unique_ptr<hubctl::Desk>, std::less<>> desks_;
};

// Who sits at the tables of a case.
struct Tables {
  std::vector<std::string> strategy = {"redbridge-council", "met-police", "nhs-redbridge"};
  std::vector<std::string> conference = {"redbridge-council", "met-police", "uphall-primary"};
  std::vector<std::string> core_group = {"redbridge-council", "uphall-primary"};
  std::vector<std::string> action_owners = {"uphall-primary"};
};

// Not thread-safe. Each step waits for the facts of other services that it rests on.
class Family {
 public:
  // `today` is the domain clock's day in London. The hub and the cast outlive it.
  Family(const hubctl::Hub* hub, Cast* cast, int number, absl::CivilDay today);

  // Calls `wait` before each call of a step; see CasePath.
  void BeforeEachCall(std::function<void()> wait);

  // The child known to the school, then also to health visiting, CAMHS, housing and the police.
  absl::Status Register();
  absl::Status Refer();  // by the school; screening decides; lbr-sw-01 is allocated
  // Another referral of the child, by this worker's agency; screening decides.
  absl::Status ReferAs(absl::string_view worker);
  absl::Status Report();                       // by the police: a contact, handling code 3
  absl::Status Enquire(const Tables& tables);  // strategy discussion and enquiry
  absl::Status AskPolice();                    // a check, answered with graded intelligence
  absl::Status ConcludeEnquiry();
  absl::Status Confer(const Tables& tables);  // concludes the enquiry; a conference makes a plan
  absl::Status Treat();                       // a health plan by the health visitor
  absl::Status Present();                     // at King George, now
  absl::Status Place(bool hidden, bool for_adoption);  // by the placements team
  absl::Status Allege();                               // by the designated officer
  absl::Status Advise();                               // confidential advice by the school nurse
  // All steps, with a hidden placement.
  absl::Status Build(const Tables& tables);

  // The requests of Confer and Place, fresh.
  plans::v1::RecordConferenceRequest ConferenceOf(const Tables& tables) const;
  plans::v1::RecordPlacementRequest PlacementOf(bool hidden, bool for_adoption) const;

  const std::string& child() const { return path_.child; }
  std::string nhs_number() const { return DetailsOf(number_).nhs_number(); }
  const CasePath& path() const { return path_; }
  // Name of the referral that ReferAs made.
  const std::string& referral_of(absl::string_view worker) const {
    return referrals_.find(worker)->second;
  }
  const referrals::v1::Contact& contact() const { return contact_; }
  const assessments::v1::Check& check() const { return check_; }
  const assessments::v1::Allegation& allegation() const { return allegation_; }
  const plans::v1::Placement& placement() const { return placement_; }
  const health::v1::HealthRecord& health_record() const { return health_record_; }
  const health::v1::Consultation& consultation() const { return consultation_; }

 private:
  template <class Response>
  absl::StatusOr<Response> Ask(absl::string_view worker, const google::protobuf::Message& request,
                               absl::string_view purpose);
  absl::Status Hold(absl::string_view worker, absl::string_view purpose);

  Cast* const cast_;
  const int number_;
  const absl::CivilDay today_;
  std::function<void()> wait_;
  CasePath path_;
  std::map<std::string, std::string, std::less<>> referrals_;  // worker to name
  referrals::v1::Contact contact_;
  assessments::v1::Check check_;
  assessments::v1::Allegation allegation_;
  plans::v1::Placement placement_;
  health::v1::HealthRecord health_record_;
  health::v1::Consultation consultation_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_FAMILY_H_
