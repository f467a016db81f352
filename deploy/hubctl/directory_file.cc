#include "deploy/hubctl/directory_file.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/yaml.h"
#include "common/time/civil_date.h"

namespace trusthub::hubctl {
namespace {

using config::Yaml;
using directory::v1::Agency;
using directory::v1::Worker;

// Puts the text under `key`, when there is one.
absl::Status ReadText(const Yaml& row, absl::string_view key, std::string* out) {
  if (const std::optional<Yaml> value = row.Find(key); value.has_value()) {
    TRUSTHUB_ASSIGN_OR_RETURN(*out, value->Text());
  }
  return absl::OkStatus();
}

absl::StatusOr<ListedAgency> ReadAgency(const Yaml& row) {
  TRUSTHUB_RETURN_IF_ERROR(row.CheckKeys(
      {"id", "title", "kind"},
      {"local_authority_code", "ods_code", "police_force_code", "establishment_number",
       "office_telephone", "emergency_telephone", "successor"}));
  ListedAgency listed;
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "id", &listed.id));
  Agency& agency = listed.agency;
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "title", agency.mutable_title()));
  std::string kind;
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "kind", &kind));
  directory::v1::AgencyKind value;
  if (!directory::v1::AgencyKind_Parse(absl::StrCat("AGENCY_KIND_", kind), &value)) {
    return row.Error("kind is not a kind of agency");
  }
  agency.set_kind(value);
  TRUSTHUB_RETURN_IF_ERROR(
      ReadText(row, "local_authority_code", agency.mutable_local_authority_code()));
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "ods_code", agency.mutable_ods_code()));
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "police_force_code", agency.mutable_police_force_code()));
  TRUSTHUB_RETURN_IF_ERROR(
      ReadText(row, "establishment_number", agency.mutable_establishment_number()));
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "office_telephone", agency.mutable_office_telephone()));
  TRUSTHUB_RETURN_IF_ERROR(
      ReadText(row, "emergency_telephone", agency.mutable_emergency_telephone()));
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "successor", agency.mutable_successor()));
  return listed;
}

absl::StatusOr<ListedWorker> ReadWorker(const Yaml& row) {
  TRUSTHUB_RETURN_IF_ERROR(
      row.CheckKeys({"id", "agency", "role", "display_name"},
                    {"team", "registration_number", "qualified_date", "telephone"}));
  ListedWorker listed;
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "id", &listed.id));
  Worker& worker = listed.worker;
  std::string agency;
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "agency", &agency));
  worker.set_agency(absl::StrCat("agencies/", agency));
  std::string role;
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "role", &role));
  options::v1::Role value;
  if (!options::v1::Role_Parse(absl::StrCat("ROLE_", role), &value)) {
    return row.Error("role is not a role of a worker");
  }
  worker.set_role(value);
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "display_name", worker.mutable_display_name()));
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "team", worker.mutable_team()));
  TRUSTHUB_RETURN_IF_ERROR(
      ReadText(row, "registration_number", worker.mutable_registration_number()));
  TRUSTHUB_RETURN_IF_ERROR(ReadText(row, "telephone", worker.mutable_telephone()));
  if (const std::optional<Yaml> date = row.Find("qualified_date"); date.has_value()) {
    TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay day, date->Day());
    *worker.mutable_qualified_date() = DateToProto(day);
  }
  return listed;
}

}  // namespace

absl::StatusOr<DirectoryFile> ReadDirectoryFile(absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml root, Yaml::ReadFile(path));
  TRUSTHUB_RETURN_IF_ERROR(root.CheckKeys({"agencies", "workers"}));
  DirectoryFile file;
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml agencies, root.Get("agencies"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> agency_rows, agencies.Items());
  for (const Yaml& row : agency_rows) {
    TRUSTHUB_ASSIGN_OR_RETURN(ListedAgency agency, ReadAgency(row));
    file.agencies.push_back(std::move(agency));
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const Yaml workers, root.Get("workers"));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Yaml> worker_rows, workers.Items());
  for (const Yaml& row : worker_rows) {
    TRUSTHUB_ASSIGN_OR_RETURN(ListedWorker worker, ReadWorker(row));
    file.workers.push_back(std::move(worker));
  }
  return file;
}

}  // namespace trusthub::hubctl
