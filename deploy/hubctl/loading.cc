#include "deploy/hubctl/loading.h"

#include <map>
#include <memory>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/ids.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "deploy/hubctl/population_file.h"
#include "deploy/hubctl/settle.h"
#include "deploy/hubctl/text_file.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/directory/v1/directory_service.pb.h"

namespace trusthub::hubctl {
namespace {

using directory::v1::CreateAgencyRequest;
using directory::v1::CreateAgencyResponse;
using directory::v1::CreateWorkerRequest;
using directory::v1::CreateWorkerResponse;
using options::v1::Role;

constexpr char kAdministrator[] = "hub-admin-01";
constexpr char kCaseReference[] = "load";
constexpr absl::Duration kRowLimit = absl::Seconds(15);

// A request id that stays the same as long as the row does.
std::string RequestIdOf(absl::string_view what, const google::protobuf::Message& row) {
  return StableUuid(absl::StrCat("hubctl load ", what, row.SerializeAsString()));
}

template <class Response, class Request>
absl::Status CreateEntry(Desk& desk, const Request& request) {
  absl::Status status = Settle(kRowLimit, [&] {
    return desk.Call<Response>(request, "directory_administration", kCaseReference).status();
  });
  return absl::IsAlreadyExists(status) ? absl::OkStatus() : status;
}

// --- The population ------------------------------------------------------------------------------

absl::StatusOr<std::vector<PopulationRow>> ReadPopulation(const Hub& hub) {
  TRUSTHUB_ASSIGN_OR_RETURN(
      const std::string text,
      ReadTextFile(absl::StrCat(hub.config_folder(), "/redbridge/population.ndjson")));
  return ReadPopulationRows("population.ndjson", text);
}

// Why a worker of this role registers a child in daily work; empty when the role registers none.
std::string DailyPurpose(Role role) {
  switch (role) {
    case options::v1::ROLE_DESIGNATED_LEAD:
      return "education_support";
    case options::v1::ROLE_SOCIAL_WORKER:
      return "assessment";
    case options::v1::ROLE_CHILD_ABUSE_INVESTIGATOR:
      return "police_protection";
    case options::v1::ROLE_EMERGENCY_NURSE:
      return "unscheduled_care";
    case options::v1::ROLE_HEALTH_VISITOR:
    case options::v1::ROLE_GENERAL_PRACTITIONER:
    case options::v1::ROLE_CAMHS_PRACTITIONER:
      return "health_care";
    case options::v1::ROLE_HOUSING_OFFICER:
      return "housing_support";
    default:
      return "";
  }
}

struct Registrar {
  std::unique_ptr<Desk> desk;
  std::string purpose;
};

// One worker of each agency that registers children.
absl::StatusOr<std::map<std::string, Registrar>> FindRegistrars(const Hub& hub) {
  std::map<std::string, Registrar> registrars;
  for (const ListedWorker& listed : hub.directory().workers) {
    const std::string purpose = DailyPurpose(listed.worker.role());
    if (purpose.empty() || registrars.count(listed.worker.agency()) > 0) continue;
    TRUSTHUB_ASSIGN_OR_RETURN(std::unique_ptr<Desk> desk, hub.DeskOf(listed.id));
    registrars[listed.worker.agency()] = {std::move(desk), purpose};
  }
  return registrars;
}

// What the threads share.
class PopulationLoad {
 public:
  PopulationLoad(const std::vector<PopulationRow>& rows,
                 std::map<std::string, Registrar> registrars, const Progress& progress)
      : rows_(rows), registrars_(std::move(registrars)), progress_(progress) {}

  // The rows of every `of`-th child.
  void Run(int part, int of) {
    for (const PopulationRow& row : rows_) {
      if (row.child % of != part) continue;
      if (!Note(row, Register(row))) return;
    }
  }

  absl::StatusOr<Loaded> Result() {
    MutexLock lock(mutex_);
    if (!status_.ok()) return status_;
    return Loaded{static_cast<int>(rows_.size()), static_cast<int>(children_.size())};
  }

 private:
  absl::StatusOr<std::string> Register(const PopulationRow& row) {
    const auto registrar = registrars_.find(row.agency);
    if (registrar == registrars_.end()) {
      return absl::InvalidArgumentError("no worker of this agency may register children");
    }
    children::v1::RegisterChildRequest request;
    *request.mutable_details() = row.details;
    request.set_request_id(RequestIdOf(absl::StrCat("child ", row.agency, " "), row.details));
    children::v1::RegisterChildResponse response;
    const absl::Status status = Settle(kRowLimit, [&] {
      return registrar->second.desk->Call(request, registrar->second.purpose, kCaseReference, "",
                                          &response);
    });
    if (!status.ok()) return status;
    return response.child();
  }

  // Whether to go on.
  bool Note(const PopulationRow& row, const absl::StatusOr<std::string>& child) {
    MutexLock lock(mutex_);
    if (!status_.ok()) return false;
    if (!child.ok()) {
      status_ = absl::Status(child.status().code(),
                             absl::StrCat("population.ndjson:", row.line, " (", row.agency,
                                          "): ", std::string(child.status().message())));
      return false;
    }
    children_.insert(*child);
    if (progress_) progress_(++done_, static_cast<int>(rows_.size()));
    return true;
  }

  const std::vector<PopulationRow>& rows_;
  const std::map<std::string, Registrar> registrars_;
  const Progress& progress_;
  Mutex mutex_;
  absl::Status status_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> children_ ABSL_GUARDED_BY(mutex_);
  int done_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace

absl::StatusOr<Loaded> LoadDirectory(const Hub& hub, const Progress& progress) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub.DeskOf(kAdministrator));
  const int all =
      static_cast<int>(hub.directory().agencies.size() + hub.directory().workers.size());
  int done = 0;
  const auto note = [&] {
    if (progress) progress(++done, all);
  };
  for (const ListedAgency& listed : hub.directory().agencies) {
    CreateAgencyRequest request;
    request.set_agency_id(listed.id);
    *request.mutable_agency() = listed.agency;
    request.set_request_id(RequestIdOf("agency ", request));
    TRUSTHUB_RETURN_IF_ERROR(CreateEntry<CreateAgencyResponse>(*desk, request));
    note();
  }
  for (const ListedWorker& listed : hub.directory().workers) {
    CreateWorkerRequest request;
    request.set_worker_id(listed.id);
    *request.mutable_worker() = listed.worker;
    request.set_request_id(RequestIdOf("worker ", request));
    TRUSTHUB_RETURN_IF_ERROR(CreateEntry<CreateWorkerResponse>(*desk, request));
    note();
  }
  return Loaded{all, 0};
}

absl::StatusOr<Loaded> LoadPopulation(const Hub& hub, int threads, const Progress& progress) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<PopulationRow> rows, ReadPopulation(hub));
  TRUSTHUB_ASSIGN_OR_RETURN(auto registrars, FindRegistrars(hub));
  PopulationLoad load(rows, std::move(registrars), progress);
  std::vector<std::thread> workers;
  for (int part = 0; part < threads; ++part) {
    workers.emplace_back([&load, part, threads] { load.Run(part, threads); });
  }
  for (std::thread& worker : workers) worker.join();
  return load.Result();
}

}  // namespace trusthub::hubctl
