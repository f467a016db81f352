#include "tests/integration/worlds.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <system_error>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/testing/paths.h"
#include "common/time/civil_date.h"

namespace trusthub::testing {
namespace {

constexpr absl::Duration kNewsTime = absl::Seconds(60);

// Agencies that may sit at a table beside those that must.
const std::vector<std::string>& Others() {
  static const auto& others =
      *new std::vector<std::string>{"bhrut", "nelft", "uphall-primary", "redbridge-housing"};
  return others;
}

std::vector<std::string> Some(std::vector<std::string> always, std::mt19937& random) {
  for (const std::string& other : Others()) {
    const bool there = std::find(always.begin(), always.end(), other) != always.end();
    if (random() % 2 == 0 && !there) always.push_back(other);
  }
  return always;
}

Tables RandomTables(std::mt19937& random) {
  Tables tables;
  tables.strategy = Some(tables.strategy, random);
  tables.conference = Some(tables.conference, random);
  tables.core_group = Some(tables.core_group, random);
  tables.action_owners = Some(tables.action_owners, random);
  return tables;
}

// One secret of the child, and its name.
absl::StatusOr<std::string> Keep(Secret secret, Family& family) {
  switch (secret) {
    case Secret::kAdvice:
      TRUSTHUB_RETURN_IF_ERROR(family.Advise());
      return family.consultation().name();
    case Secret::kAllegation:
      TRUSTHUB_RETURN_IF_ERROR(family.Allege());
      return family.allegation().name();
    case Secret::kPoliceReport:
      TRUSTHUB_RETURN_IF_ERROR(family.Report());
      return family.contact().name();
    case Secret::kNone:
    case Secret::kAdoption:
    case Secret::kHiddenAddress:
      break;  // parts of a placement, not records
  }
  return absl::InternalError("not a record");
}

const char* CollectionOf(Secret secret) {
  switch (secret) {
    case Secret::kAdvice:
      return "consultations";
    case Secret::kAllegation:
      return "allegations";
    case Secret::kPoliceReport:
      return "contacts";
    default:
      return "";
  }
}

// The borough's data files, but that logs are read for misuse every second: reviews of access are
// there when they are asked for.
absl::Status WriteEagerSettings(const std::string& folder) {
  const std::string shipped = testing::SourcePath("deploy/config/redbridge");
  std::error_code error;
  std::filesystem::copy(shipped, folder, error);  // files alone
  if (error) return absl::InternalError("the borough's data files cannot be copied");
  std::ifstream rules(shipped + "/misuse.yaml");
  const std::string text((std::istreambuf_iterator<char>(rules)), {});
  std::ofstream(folder + "/misuse.yaml", std::ios::trunc)
      << absl::StrReplaceAll(text, {{"read_every_seconds: 60", "read_every_seconds: 1"}});
  return absl::OkStatus();
}

}  // namespace

const char* NameOf(Secret secret) {
  switch (secret) {
    case Secret::kNone:
      return "nothing";
    case Secret::kAdvice:
      return "advice";
    case Secret::kAllegation:
      return "allegation";
    case Secret::kAdoption:
      return "adoption";
    case Secret::kHiddenAddress:
      return "hidden address";
    case Secret::kPoliceReport:
      return "police report";
  }
  return "";
}

bool MayKnow(absl::string_view worker, Secret secret) {
  switch (secret) {
    case Secret::kNone:
      return false;
    case Secret::kAdvice:  // the service that gave it
      return absl::StartsWith(worker, "nhsr-");
    case Secret::kAllegation:
      return worker == "lbr-lado-01" || worker == "met-cait-01";
    case Secret::kAdoption:
      return worker == "lbr-placement-01" || worker == "lbr-sw-01";
    case Secret::kHiddenAddress:
      return worker == "lbr-placement-01" || worker == "lbr-sw-01" || worker == "lbr-iro-01" ||
             worker == "met-cait-01";
    case Secret::kPoliceReport:  // the police, and the council that it was sent to
      return worker == "met-cait-01" || absl::StartsWith(worker, "lbr-");
  }
  return true;
}

absl::StatusOr<std::unique_ptr<World>> World::Make(bool with_secrets, std::uint32_t seed,
                                                   int children) {
  auto world = std::make_unique<World>();
  const std::string settings = world->folder_.File("redbridge");
  TRUSTHUB_RETURN_IF_ERROR(WriteEagerSettings(settings));
  TRUSTHUB_ASSIGN_OR_RETURN(world->metrics_ports_, PortBlock::Take());
  LocalHubOptions options;
  options.adjust = [settings, &world = *world](absl::string_view service, config::Config* config) {
    if (service == "children") config->settings_folder = settings;
    config->metrics = absl::StrCat("127.0.0.1:", world.MetricsPortOf(service));
  };
  world->work_.LookAt(&options);
  TRUSTHUB_ASSIGN_OR_RETURN(world->hub_, LocalHub::Start(options));
  world->cast_ = std::make_unique<Cast>(&world->hub_->hub());
  constexpr int kKinds = static_cast<int>(std::size(kSecrets));
  for (int number = 0; number < children; ++number) {
    TRUSTHUB_RETURN_IF_ERROR(world->Live(with_secrets, seed + static_cast<std::uint32_t>(number),
                                         number, kSecrets[number % kKinds]));
  }
  return world;
}

int World::MetricsPortOf(absl::string_view service) const {
  const auto place = std::find(hubctl::kServices.begin(), hubctl::kServices.end(), service);
  return metrics_ports_->first() + static_cast<int>(place - hubctl::kServices.begin());
}

absl::Status World::Live(bool with_secrets, std::uint32_t seed, int number, Secret secret) {
  std::mt19937 random(seed);
  Family family(&hub_->hub(), cast_.get(), number + 1, LondonDay(hub_->clock().Now()));
  family.BeforeEachCall([this] { hub_->WaitForNews(kNewsTime); });
  Life& life = lives_.emplace_back();
  life.secret = secret;
  life.nhs_number = family.nhs_number();
  const char* const collection = CollectionOf(secret);
  // Zero to two secrets between any two steps; in the other world as many names of nothing.
  const auto keep = [&]() -> absl::Status {
    if (*collection == '\0') return absl::OkStatus();
    for (auto n = random() % 3; n > 0; --n) {
      if (with_secrets) {
        TRUSTHUB_ASSIGN_OR_RETURN(life.secrets.emplace_back(), Keep(secret, family));
      } else {
        life.secrets.push_back(NewName(collection));
      }
    }
    return absl::OkStatus();
  };
  const auto add = [&](const std::string& name) {
    life.records[std::string(trusthub::CollectionOf(name))].push_back(name);
  };

  const Tables tables = RandomTables(random);
  TRUSTHUB_RETURN_IF_ERROR(family.Register());
  add(family.child());
  TRUSTHUB_RETURN_IF_ERROR(family.Refer());
  add(family.path().referral.name());
  TRUSTHUB_RETURN_IF_ERROR(keep());
  for (const char* worker : {"nelft-camhs-01", "nhsr-visitor-01", "met-cait-01"}) {
    if (random() % 2 == 0) continue;
    TRUSTHUB_RETURN_IF_ERROR(family.ReferAs(worker));
    add(family.referral_of(worker));
    TRUSTHUB_RETURN_IF_ERROR(keep());
  }
  TRUSTHUB_RETURN_IF_ERROR(family.Enquire(tables));
  add(family.path().assessment.name());
  add(family.path().discussion.name());
  add(family.path().enquiry.name());
  TRUSTHUB_RETURN_IF_ERROR(keep());
  TRUSTHUB_RETURN_IF_ERROR(family.AskPolice());
  add(family.check().name());
  TRUSTHUB_RETURN_IF_ERROR(keep());
  TRUSTHUB_RETURN_IF_ERROR(family.Confer(tables));
  add(family.path().conference.name());
  add(family.path().plan.name());
  for (auto n = random() % 4; n > 0; --n) {
    TRUSTHUB_RETURN_IF_ERROR(family.Treat());
    add(family.health_record().name());
    TRUSTHUB_RETURN_IF_ERROR(keep());
  }
  TRUSTHUB_RETURN_IF_ERROR(family.Present());
  life.attendance_id = family.path().attendance.attendance().attendance_id();
  add(family.path().attendance.attendance().name());
  for (auto n = 1 + random() % 3; n > 0; --n) {
    TRUSTHUB_RETURN_IF_ERROR(family.Place(with_secrets && secret == Secret::kHiddenAddress,
                                          with_secrets && secret == Secret::kAdoption));
    add(family.placement().name());
    TRUSTHUB_RETURN_IF_ERROR(keep());
  }
  return absl::OkStatus();
}

}  // namespace trusthub::testing
