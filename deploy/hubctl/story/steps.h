// File: steps.h
//
// The steps of the story, in order, and what they hand on.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_STORY_STEPS_H_
#define TRUSTHUB_DEPLOY_HUBCTL_STORY_STEPS_H_

#include <string>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "deploy/hubctl/story/cast.h"
#include "deploy/hubctl/story/player.h"
#include "trusthub/types/v1/date.pb.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::story {

// Who plays which part.
inline constexpr char kCouncil[] = "agencies/redbridge-council";
inline constexpr char kPolice[] = "agencies/met-police";
inline constexpr char kHealth[] = "agencies/nhs-redbridge";
inline constexpr char kSchool[] = "agencies/uphall-primary";
inline constexpr char kSchoolLead[] = "uphall-lead-01";
inline constexpr char kOtherSchoolLead[] = "valentines-lead-01";
inline constexpr char kScreening[] = "lbr-screening-01";
inline constexpr char kSocialWorker[] = "lbr-sw-01";
inline constexpr char kUnqualifiedWorker[] = "lbr-sw-02";
inline constexpr char kColleague[] = "lbr-sw-03";
inline constexpr char kManager[] = "lbr-manager-01";
inline constexpr char kChair[] = "lbr-chair-01";
inline constexpr char kOfficer[] = "met-cait-01";
inline constexpr char kHealthVisitor[] = "nhsr-visitor-01";
inline constexpr char kNurse[] = "bhrut-nurse-01";
inline constexpr char kHousing[] = "housing-officer-01";

struct Play {
  Player& player;
  const Cast cast;

  std::string child;  // names of records
  std::string referral;
  std::string assessment;
  std::string discussion;
  std::string enquiry;
  std::string plan;
  std::string attendance;
  types::v1::Receipt receipt;  // of the school's referral
};

absl::Status ReferTheChild(Play& play);    // 1
absl::Status LinkTheChild(Play& play);     // 2
absl::Status DecideAndAssess(Play& play);  // 3
absl::Status Enquire(Play& play);          // 4
absl::Status Confer(Play& play);           // 5
absl::Status AttendAtNight(Play& play);    // 6
absl::Status TryTheForbidden(Play& play);  // 7
absl::Status CheckTheReceipt(Play& play);  // what remains in the school's hands

// "2010-01-20".
std::string Text(const types::v1::Date& date);
// With the weekday: "Wednesday 2010-01-20".
std::string DayText(const types::v1::Date& date);
void SetDay(absl::CivilDay day, types::v1::Date* date);

}  // namespace trusthub::story

#endif  // TRUSTHUB_DEPLOY_HUBCTL_STORY_STEPS_H_
