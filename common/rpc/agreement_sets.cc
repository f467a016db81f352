#include "common/rpc/agreement_sets.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/audit/entry.h"
#include "common/auth/principal.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/log/log.h"
#include "common/time/civil_date.h"
#include "trusthub/audit/v1/entry.pb.h"

namespace trusthub::rpc {
namespace {

using events::v1::AgreementsFact;
using events::v1::Event;

constexpr char kSpace[] = "agreements";
constexpr char kActive[] = "active";  // no version: those are hex digits
// What audit entries say was done.
constexpr char kAction[] = "agreement_sets.apply";
// Sets that are kept compiled: the one in force, the one before, and some that are explained.
constexpr std::size_t kRememberedMax = 6;

std::vector<policy::AgreementText> TextsOf(const AgreementsFact& fact) {
  std::vector<policy::AgreementText> texts;
  for (const auto& file : fact.files()) texts.push_back({file.file(), file.text()});
  return texts;
}

AgreementsFact FactOf(const AgreementFiles& files) {
  AgreementsFact fact;
  fact.set_version(std::string(files.compiled->version()));
  for (const policy::AgreementText& text : files.texts) {
    auto* file = fact.add_files();
    file->set_file(text.file);
    file->set_text(text.text);
  }
  return fact;
}

// Without an agreement for the hub's own services no event would cross any more, not even the one
// that puts a better set in force.
bool ServesTheHub(const policy::Agreements& agreements, absl::CivilDay today) {
  auth::Principal service;
  service.agency_kind = directory::v1::AGENCY_KIND_HUB;
  service.role = options::v1::ROLE_HUB_SERVICE;
  return agreements.Covers(service, options::v1::PURPOSE_HUB_OPERATION, today);
}

absl::StatusOr<AgreementsFact> ReadKept(store::Snapshot& snapshot, absl::string_view version) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                            snapshot.FindState(kSpace, version));
  AgreementsFact fact;
  if (!bytes.has_value() || version == kActive) {
    return absl::NotFoundError("no such set of agreements is kept");
  }
  if (!fact.ParseFromString(*bytes)) {
    return absl::DataLossError(absl::StrCat("the kept agreements ", version, " do not parse"));
  }
  return fact;
}

}  // namespace

absl::StatusOr<AgreementFiles> ReadAgreementFiles(absl::string_view folder) {
  AgreementFiles files;
  TRUSTHUB_ASSIGN_OR_RETURN(files.texts, policy::ReadAgreementTexts(folder));
  auto compiled = policy::CompileAgreements(files.texts);
  if (!compiled.ok()) {
    return absl::Status(compiled.status().code(),
                        absl::StrCat(folder, "/", compiled.status().message()));
  }
  files.compiled = *std::move(compiled);
  return files;
}

AgreementSets::AgreementSets(Options options, std::shared_ptr<const policy::Agreements> first)
    : options_(std::move(options)) {
  PutInForce(std::move(first));
}

absl::StatusOr<std::unique_ptr<AgreementSets>> AgreementSets::Open(
    Options options, store::Store& store, const absl::StatusOr<AgreementFiles>& folder) {
  TRUSTHUB_ASSIGN_OR_RETURN(
      std::unique_ptr<store::Snapshot> snapshot,
      store.Open(options.clocks.real->Now() + absl::Milliseconds(limits::kCallMillisDefault)));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> active,
                            snapshot->FindState(kSpace, kActive));
  if (active.has_value()) {
    if (!folder.ok()) {
      log::Warning("agreements_folder_unusable", {{"detail", folder.status().message()}});
    }
    TRUSTHUB_ASSIGN_OR_RETURN(const AgreementsFact fact, ReadKept(*snapshot, *active));
    auto compiled = policy::CompileAgreements(TextsOf(fact));
    if (!compiled.ok() || (*compiled)->version() != *active) {
      return absl::FailedPreconditionError(
          absl::StrCat("agreements: the set in force, version ", *active, ", does not compile (",
                       compiled.ok() ? "it is another version" : compiled.status().message(),
                       "); start the release that put it in force and activate one that compiles"));
    }
    return std::make_unique<AgreementSets>(std::move(options), *std::move(compiled));
  }
  if (!folder.ok()) return folder.status();
  const std::string version(folder->compiled->version());
  TRUSTHUB_ASSIGN_OR_RETURN(const auto kept, snapshot->FindState(kSpace, version));
  auto sets = std::make_unique<AgreementSets>(std::move(options), folder->compiled);
  if (!kept.has_value()) {
    store::WriteSet set;
    set.states.push_back({kSpace, version, FactOf(*folder).SerializeAsString()});
    TRUSTHUB_RETURN_IF_ERROR(store::CommitAndWait(store, std::move(set)).status());
  }
  return sets;
}

std::shared_ptr<const policy::Agreements> AgreementSets::InForce() const {
  MutexLock lock(mutex_);
  return in_force_;
}

AgreementSets::Compiled AgreementSets::Remembered(absl::string_view version) const {
  MutexLock lock(mutex_);
  const auto found = compiled_.find(version);
  return found == compiled_.end() ? nullptr : found->second;
}

void AgreementSets::Remember(Compiled compiled) {
  MutexLock lock(mutex_);
  const std::string version(compiled->version());
  if (!compiled_.emplace(version, std::move(compiled)).second) return;
  order_.push_back(version);
  if (order_.size() <= kRememberedMax) return;
  compiled_.erase(order_.front());
  order_.erase(order_.begin());
}

absl::StatusOr<std::shared_ptr<const policy::Agreements>> AgreementSets::Find(
    store::Snapshot& snapshot, absl::string_view version) {
  if (Compiled known = Remembered(version); known != nullptr) return known;
  TRUSTHUB_ASSIGN_OR_RETURN(const AgreementsFact fact, ReadKept(snapshot, version));
  TRUSTHUB_ASSIGN_OR_RETURN(Compiled compiled, policy::CompileAgreements(TextsOf(fact)));
  if (compiled->version() != version) {
    return absl::DataLossError(absl::StrCat("the kept agreements ", version, " are another set"));
  }
  Remember(compiled);
  return compiled;
}

absl::StatusOr<AgreementSets::Compiled> AgreementSets::Check(const AgreementsFact& fact) {
  // Also when the version is known: the files are what comes into force, not what they claim to be.
  TRUSTHUB_ASSIGN_OR_RETURN(Compiled compiled, policy::CompileAgreements(TextsOf(fact)));
  if (compiled->version() != fact.version()) {
    return absl::FailedPreconditionError(
        absl::StrCat("the files are version ", compiled->version()));
  }
  if (!ServesTheHub(*compiled, LondonDay(options_.clocks.domain->Now()))) {
    return absl::FailedPreconditionError(
        "it gives nothing to hub_service of agencies of kind hub for hub_operation, so that facts "
        "would cross no more");
  }
  Remember(compiled);
  return compiled;
}

std::string AgreementSets::LeafOf(const Event& event, bool refused) const {
  audit::v1::AuditEntry entry;
  *entry.mutable_entry_time() = TimeToProto(options_.clocks.real->Now());
  *entry.mutable_domain_time() = TimeToProto(options_.clocks.domain->Now());
  entry.set_agency(event.author_agency());
  entry.set_system(absl::StrCat("/service/", options_.service));
  entry.set_role(options::v1::ROLE_HUB_SERVICE);
  entry.set_action(kAction);
  entry.set_purpose(options::v1::PURPOSE_HUB_OPERATION);
  entry.set_case_reference(event.record());
  entry.add_records(event.record());
  entry.set_decision(refused ? audit::v1::AUDIT_DECISION_REFUSED
                             : audit::v1::AUDIT_DECISION_RECORDED);
  if (refused) entry.set_reason(error::ReasonName(errors::v1::ERROR_REASON_BASIS_MISSING));
  entry.set_agreement_version(event.agreements().version());
  return audit::SaltAndSerialize(entry);
}

void AgreementSets::ReportRefusal(const Event& event, const absl::Status& why) const {
  log::Error("agreements_refused",
             {{"version", event.agreements().version()}, {"detail", why.message()}});
  if (options_.metrics != nullptr) options_.metrics->CountAgreementsRefused();
}

absl::Status AgreementSets::Apply(store::Transaction& tx, const Event& event) {
  if (!event.has_agreements()) return absl::OkStatus();
  const absl::StatusOr<Compiled> compiled = Check(event.agreements());
  tx.AddLeaf(LeafOf(event, !compiled.ok()));
  if (!compiled.ok()) {
    // The stream goes on: what comes after may put it right.
    ReportRefusal(event, compiled.status());
    return absl::OkStatus();
  }
  const std::string& version = event.agreements().version();
  tx.PutState(kSpace, version, event.agreements().SerializeAsString());
  tx.PutState(kSpace, kActive, version);
  return absl::OkStatus();
}

void AgreementSets::Applied(const Event& event) {
  if (!event.has_agreements()) return;
  if (const absl::StatusOr<Compiled> compiled = Check(event.agreements()); compiled.ok()) {
    PutInForce(*compiled);
  }
}

absl::StatusOr<std::shared_ptr<const policy::Agreements>> AgreementSets::TakeUp(
    store::WriteSet* set) {
  Compiled activated;
  for (const store::AppendEvent& row : set->events) {
    Event event;
    // An activation is about no child; other events are not looked into.
    if (!row.child.empty() || !event.ParseFromString(row.bytes) || !event.has_agreements()) {
      continue;
    }
    const absl::StatusOr<Compiled> compiled = Check(event.agreements());
    if (!compiled.ok()) {
      ReportRefusal(event, compiled.status());
      return error::RuleBroken(
          errors::v1::ERROR_REASON_BASIS_MISSING,
          absl::StrCat("The set cannot come into force: ", compiled.status().message()),
          "Correct the files and propose them as a new set.");
    }
    const std::string& version = event.agreements().version();
    set->states.push_back({kSpace, version, event.agreements().SerializeAsString()});
    set->states.push_back({kSpace, kActive, version});
    set->leaves.push_back(LeafOf(event, /*refused=*/false));
    activated = *compiled;
  }
  return activated;
}

void AgreementSets::PutInForce(std::shared_ptr<const policy::Agreements> compiled) {
  Remember(compiled);
  Compiled before;
  {
    MutexLock lock(mutex_);
    before = std::exchange(in_force_, compiled);
  }
  ReportInForce(before, compiled);
}

absl::Status AgreementSets::TakeUpActive(store::Store& store) {
  // Before the view: what comes into force from now on may not be in it.
  const Compiled before = InForce();
  TRUSTHUB_ASSIGN_OR_RETURN(
      const std::unique_ptr<store::Snapshot> snapshot,
      store.Open(options_.clocks.real->Now() + absl::Milliseconds(limits::kCallMillisDefault)));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::optional<std::string> active,
                            snapshot->FindState(kSpace, kActive));
  if (!active.has_value() || *active == before->version()) return absl::OkStatus();
  TRUSTHUB_ASSIGN_OR_RETURN(const Compiled compiled, Find(*snapshot, *active));
  {
    MutexLock lock(mutex_);
    if (in_force_ != before) return absl::OkStatus();
    in_force_ = compiled;
  }
  ReportInForce(before, compiled);
  return absl::OkStatus();
}

void AgreementSets::ReportInForce(const Compiled& before, const Compiled& now) {
  if (before == nullptr) return;
  log::Info("agreements_in_force", {{"version", now->version()}, {"before", before->version()}});
}

}  // namespace trusthub::rpc
