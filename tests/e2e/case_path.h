// File: case_path.h
//
// The path of one synthetic child through the hub, a step at a time, by the workers of the
// Redbridge directory: what tests of whole hubs have in common. Each step sends an honest request
// and waits for the facts of other services that it rests on.
#ifndef TRUSTHUB_TESTS_E2E_CASE_PATH_H_
#define TRUSTHUB_TESTS_E2E_CASE_PATH_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "deploy/hubctl/hub_folder.h"
#include "trusthub/assessments/v1/assessments_service.pb.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/health/v1/health_service.pb.h"
#include "trusthub/plans/v1/placements_service.pb.h"
#include "trusthub/plans/v1/plans_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::testing {

// A Monday in London, 11 January 2010, at ten: a working week lies ahead.
absl::Time CaseStart();

// Who child `number` is: no two numbers make one child.
children::v1::ChildDetails DetailsOf(int number);
children::v1::RegisterChildRequest RegistrationOf(int number, absl::string_view request_id);
referrals::v1::SubmitReferralRequest ReferralOf(absl::string_view child,
                                                absl::string_view request_id);
health::v1::RegisterAttendanceRequest AttendanceOf(int number, absl::string_view request_id);

// Not thread-safe. Steps are to be taken in the order of their declaration; each remembers what it
// made in the members below.
class CasePath {
 public:
  // `today` is the domain clock's day in London. The hub outlives the path.
  CasePath(const hubctl::Hub* hub, int number, absl::CivilDay today);

  // Calls `wait` before each call of a step: a test that waits there until the services have told
  // one another their news is refused nothing for want of it, and leaves the same logs each time.
  void BeforeEachCall(std::function<void()> wait) { wait_ = std::move(wait); }

  absl::Status Register();         // by the school
  absl::Status Refer();            // by the school
  absl::Status Decide();           // by screening: a strategy discussion
  absl::Status StartAssessment();  // initial, led by lbr-sw-01
  absl::Status Discuss();          // council, police, health: enquiries are made
  absl::Status StartEnquiry();     // led by lbr-sw-01
  absl::Status ConcludeEnquiry();  // substantiated: a conference
  absl::Status HoldConference();   // makes a plan
  absl::Status Attend();           // at King George, that night
  absl::Status Place();            // with foster carers: looked after from then on
  // Every step up to and with HoldConference.
  absl::Status ToPlan();

  // The desk of `worker`, kept for the life of the path.
  hubctl::Desk& At(absl::string_view worker);

  std::string child;
  referrals::v1::Referral referral;
  assessments::v1::Assessment assessment;
  assessments::v1::StrategyDiscussion discussion;
  assessments::v1::Enquiry enquiry;
  plans::v1::Conference conference;
  plans::v1::Plan plan;
  plans::v1::Placement placement;
  health::v1::RegisterAttendanceResponse attendance;

 private:
  template <class Response>
  absl::StatusOr<Response> Ask(absl::string_view worker, const google::protobuf::Message& request,
                               absl::string_view purpose);

  const hubctl::Hub* const hub_;
  const int number_;
  const absl::CivilDay today_;
  std::map<std::string, std::unique_ptr<hubctl::Desk>> desks_;
  std::function<void()> wait_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_CASE_PATH_H_
