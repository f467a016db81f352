#include "tests/e2e/writes.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "tests/e2e/eventually.h"
#include "trusthub/directory/v1/directory_service.pb.h"

namespace trusthub::testing {
namespace {

constexpr char kReference[] = "KILL-1";

// Reads pages of a list until there are no more.
template <class Response, class Request, class Names>
absl::StatusOr<std::optional<std::vector<std::string>>> AllPages(hubctl::Desk& desk,
                                                                 Request request,
                                                                 absl::string_view purpose,
                                                                 Names names_of) {
  std::vector<std::string> names;
  request.set_page_size(37);  // many pages, the last one in part
  do {
    const absl::StatusOr<Response> page =
        OnceKnown<Response>([&] { return desk.Call<Response>(request, purpose, kReference); });
    TRUSTHUB_RETURN_IF_ERROR(page.status());
    for (const auto& record : names_of(*page)) names.push_back(record.name());
    request.set_page_token(page->next_page_token());
  } while (!request.page_token().empty());
  return names;
}

// Writes that rest on a child's path.
class OnPath : public Writes {
 public:
  OnPath(const hubctl::Hub* hub, int number)
      : hub_(hub), number_(number), path_(hub, number, LondonDay(CaseStart())) {}

 protected:
  template <class Response>
  absl::Status ReadBy(absl::string_view worker, const google::protobuf::Message& request,
                      absl::string_view purpose) {
    return OnceKnown<Response>(
               [&] { return path_.At(worker).Call<Response>(request, purpose, kReference); })
        .status();
  }

  const hubctl::Hub* const hub_;
  const int number_;
  CasePath path_;
};

class DirectoryWrites final : public OnPath {
 public:
  explicit DirectoryWrites(const hubctl::Hub* hub) : OnPath(hub, 1) {}
  absl::Status Prepare() override {
    admin_ = &path_.At("hub-admin-01");
    return absl::OkStatus();
  }
  absl::StatusOr<Written> Write(int number, const std::string& request_id) override {
    directory::v1::CreateWorkerRequest request;
    request.set_request_id(request_id);
    request.set_worker_id(absl::StrCat("written-", number));
    request.mutable_worker()->set_agency("agencies/redbridge-council");
    request.mutable_worker()->set_role(options::v1::ROLE_SOCIAL_WORKER);
    request.mutable_worker()->set_display_name(absl::StrCat("Synthetic Worker ", number));
    TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                              admin_->Call<directory::v1::CreateWorkerResponse>(
                                  request, "directory_administration", kReference));
    return Written{answer.worker().name(), answer.disclosure().receipt()};
  }
  absl::Status Read(const std::string& record) override {
    directory::v1::GetWorkerRequest request;
    request.set_name(record);
    return ReadBy<directory::v1::GetWorkerResponse>("hub-admin-01", request,
                                                    "directory_administration");
  }
  absl::StatusOr<std::optional<std::vector<std::string>>> List() override {
    directory::v1::ListWorkersRequest request;
    request.set_agency("agencies/redbridge-council");
    return AllPages<directory::v1::ListWorkersResponse>(
        *admin_, request, "directory_administration",
        [](const auto& page) { return page.workers(); });
  }
  events::v1::EventKind event() const override { return events::v1::EVENT_KIND_WORKER_CHANGED; }

 private:
  hubctl::Desk* admin_ = nullptr;
};

class ChildrenWrites final : public OnPath {
 public:
  explicit ChildrenWrites(const hubctl::Hub* hub) : OnPath(hub, 2) {}
  absl::Status Prepare() override {
    school_ = &path_.At("uphall-lead-01");
    return absl::OkStatus();
  }
  absl::StatusOr<Written> Write(int number, const std::string& request_id) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto answer, school_->Call<children::v1::RegisterChildResponse>(
                                                     RegistrationOf(100 + number, request_id),
                                                     "education_support", kReference));
    return Written{answer.child(), answer.disclosure().receipt()};
  }
  absl::Status Read(const std::string& record) override {
    children::v1::GetChildRequest request;
    request.set_name(record);
    return ReadBy<children::v1::GetChildResponse>("uphall-lead-01", request, "education_support");
  }
  events::v1::EventKind event() const override { return events::v1::EVENT_KIND_CHILD_REGISTERED; }

 private:
  hubctl::Desk* school_ = nullptr;
};

class ReferralsWrites final : public OnPath {
 public:
  explicit ReferralsWrites(const hubctl::Hub* hub) : OnPath(hub, 3) {}
  absl::Status Prepare() override {
    TRUSTHUB_RETURN_IF_ERROR(path_.Register());
    TRUSTHUB_RETURN_IF_ERROR(path_.Refer());
    school_ = &path_.At("uphall-lead-01");
    return absl::OkStatus();
  }
  absl::StatusOr<Written> Write(int, const std::string& request_id) override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const auto answer,
        school_->Call<referrals::v1::SubmitReferralResponse>(ReferralOf(path_.child, request_id),
                                                             "safeguarding_referral", kReference));
    return Written{answer.referral().name(), answer.disclosure().receipt()};
  }
  absl::Status Read(const std::string& record) override {
    referrals::v1::GetReferralRequest request;
    request.set_name(record);
    return ReadBy<referrals::v1::GetReferralResponse>("lbr-screening-01", request, "screening");
  }
  absl::StatusOr<std::optional<std::vector<std::string>>> List() override {
    referrals::v1::ListReferralsRequest request;
    request.set_child(path_.child);
    return AllPages<referrals::v1::ListReferralsResponse>(
        path_.At("lbr-screening-01"), request, "screening",
        [](const auto& page) { return page.referrals(); });
  }
  events::v1::EventKind event() const override { return events::v1::EVENT_KIND_REFERRAL_SUBMITTED; }

 private:
  hubctl::Desk* school_ = nullptr;
};

class AssessmentsWrites final : public OnPath {
 public:
  explicit AssessmentsWrites(const hubctl::Hub* hub) : OnPath(hub, 4) {}
  absl::Status Prepare() override {
    TRUSTHUB_RETURN_IF_ERROR(path_.Register());
    TRUSTHUB_RETURN_IF_ERROR(path_.Refer());
    TRUSTHUB_RETURN_IF_ERROR(path_.Decide());
    TRUSTHUB_RETURN_IF_ERROR(path_.Discuss());
    manager_ = &path_.At("lbr-manager-01");
    return absl::OkStatus();
  }
  absl::StatusOr<Written> Write(int number, const std::string& request_id) override {
    assessments::v1::RecordStrategyDiscussionRequest request;
    request.set_request_id(request_id);
    assessments::v1::StrategyDiscussion& record = *request.mutable_strategy_discussion();
    record.set_child(path_.child);
    for (const auto& participant : path_.discussion.participants()) {
      record.add_participants()->set_agency(participant.agency());
    }
    record.set_interim_safety("No change to the arrangements.");
    record.set_decision_reason(absl::StrCat("Further information ", number));
    TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                              manager_->Call<assessments::v1::RecordStrategyDiscussionResponse>(
                                  request, "child_protection_enquiry", kReference));
    return Written{answer.strategy_discussion().name(), answer.disclosure().receipt()};
  }
  absl::Status Read(const std::string& record) override {
    assessments::v1::GetStrategyDiscussionRequest request;
    request.set_name(record);
    return ReadBy<assessments::v1::GetStrategyDiscussionResponse>("lbr-manager-01", request,
                                                                  "child_protection_enquiry");
  }
  events::v1::EventKind event() const override {
    return events::v1::EVENT_KIND_STRATEGY_DISCUSSION_RECORDED;
  }

 private:
  hubctl::Desk* manager_ = nullptr;
};

class PlansWrites final : public OnPath {
 public:
  explicit PlansWrites(const hubctl::Hub* hub) : OnPath(hub, 5) {}
  absl::Status Prepare() override {
    TRUSTHUB_RETURN_IF_ERROR(path_.ToPlan());
    chair_ = &path_.At("lbr-chair-01");
    // A review is held after the plan's first day.
    return hub_->SetClock(CaseStart() + absl::Hours(24));
  }
  absl::StatusOr<Written> Write(int number, const std::string& request_id) override {
    plans::v1::RecordConferenceRequest request;
    request.set_request_id(request_id);
    plans::v1::Conference& record = *request.mutable_conference();
    record.set_child(path_.child);
    record.set_kind(plans::v1::CONFERENCE_KIND_REVIEW);
    for (const auto& present : path_.conference.attendance()) *record.add_attendance() = present;
    record.set_decision_reason(absl::StrCat("Progress was reviewed: ", number));
    TRUSTHUB_ASSIGN_OR_RETURN(const auto answer,
                              chair_->Call<plans::v1::RecordConferenceResponse>(
                                  request, "child_protection_planning", kReference));
    return Written{answer.conference().name(), answer.disclosure().receipt()};
  }
  absl::Status Read(const std::string& record) override {
    plans::v1::GetConferenceRequest request;
    request.set_name(record);
    return ReadBy<plans::v1::GetConferenceResponse>("lbr-chair-01", request,
                                                    "child_protection_planning");
  }
  events::v1::EventKind event() const override {
    return events::v1::EVENT_KIND_CONFERENCE_RECORDED;
  }

 private:
  hubctl::Desk* chair_ = nullptr;
};

class HealthWrites final : public OnPath {
 public:
  explicit HealthWrites(const hubctl::Hub* hub) : OnPath(hub, 6) {}
  absl::Status Prepare() override {
    // Only a child with a status is told to the hospital, and only then by an event.
    TRUSTHUB_RETURN_IF_ERROR(path_.ToPlan());
    nurse_ = &path_.At("bhrut-nurse-01");
    return AttendUntilFlagged();
  }
  absl::StatusOr<Written> Write(int, const std::string& request_id) override {
    TRUSTHUB_ASSIGN_OR_RETURN(
        const auto answer, nurse_->Call<health::v1::RegisterAttendanceResponse>(
                               AttendanceOf(number_, request_id), "unscheduled_care", kReference));
    return Written{answer.attendance().name(), answer.disclosure().receipt()};
  }
  absl::Status Read(const std::string& record) override {
    health::v1::GetAttendanceRequest request;
    request.set_name(record);
    return ReadBy<health::v1::GetAttendanceResponse>("bhrut-nurse-01", request, "unscheduled_care");
  }
  absl::StatusOr<std::optional<std::vector<std::string>>> List() override {
    health::v1::ListAttendancesRequest request;
    request.set_child(path_.child);
    return AllPages<health::v1::ListAttendancesResponse>(
        *nurse_, request, "unscheduled_care", [](const auto& page) { return page.attendances(); });
  }
  events::v1::EventKind event() const override {
    return events::v1::EVENT_KIND_ATTENDANCE_REGISTERED;
  }

 private:
  absl::Status AttendUntilFlagged() {
    absl::Status status;
    const bool flagged = Within(absl::Seconds(20), [&] {
      status = path_.Attend();
      return !status.ok() || path_.attendance.flags().flags_size() > 0;
    });
    if (flagged) return status;
    return absl::DeadlineExceededError("the plan did not reach the child index");
  }

  hubctl::Desk* nurse_ = nullptr;
};

}  // namespace

std::unique_ptr<Writes> MakeWrites(absl::string_view service, const hubctl::Hub* hub) {
  if (service == "directory") return std::make_unique<DirectoryWrites>(hub);
  if (service == "children") return std::make_unique<ChildrenWrites>(hub);
  if (service == "referrals") return std::make_unique<ReferralsWrites>(hub);
  if (service == "assessments") return std::make_unique<AssessmentsWrites>(hub);
  if (service == "plans") return std::make_unique<PlansWrites>(hub);
  if (service == "health") return std::make_unique<HealthWrites>(hub);
  return nullptr;
}

}  // namespace trusthub::testing
