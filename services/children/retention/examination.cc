#include "services/children/retention/examination.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "common/rpc/holdings.h"
#include "common/time/civil_date.h"
#include "services/children/children.h"
#include "trusthub/retention/v1/legal_hold.pb.h"

namespace trusthub::children {
namespace {

using retention::v1::LegalHold;
using trusthub::retention::HeldRecord;
using trusthub::retention::Life;

std::string KindInWords(options::v1::RecordKind kind) {
  return absl::StrReplaceAll(
      absl::AsciiStrToLower(absl::StripPrefix(options::v1::RecordKind_Name(kind), "RECORD_KIND_")),
      {{"_", " "}});
}

Life LifeOf(const v1::Child& child) {
  Life life;
  const absl::StatusOr<absl::CivilDay> birth = DateFromProto(child.birth_date());
  if (birth.ok()) life.birth = *birth;
  return life;  // the hub is told of no death yet, which keeps records longer
}

HeldRecord RecordOf(const retention::v1::HeldRecords& held) {
  HeldRecord record;
  record.kind = held.record_kind();
  record.last_change = LondonDay(TimeFromProto(held.update_time()));
  for (const retention::v1::HoldingMark& mark : held.marks()) {
    record.marks[mark.field()] = mark.value();
  }
  return record;
}

// Whether officers of `agency` are told of these records.
bool AnswersFor(absl::string_view agency, const Examined& records) {
  return records.told &&
         (records.held.owner_agency() == agency || records.held.owner_agency() == kHubAgency);
}

absl::Status AddHolds(store::Transaction& tx, const std::string& child, Examination* examination) {
  std::int64_t after = 0;
  for (bool more = true; more;) {
    TRUSTHUB_ASSIGN_OR_RETURN(const store::Page<LegalHold> page,
                              tx.ListByChild<LegalHold>(child, after, limits::kPageSizeMax));
    for (const LegalHold& hold : page.records) {
      if (hold.state() != retention::v1::LEGAL_HOLD_STATE_IN_FORCE) continue;
      examination->holds.push_back(hold.name());
      examination->holding_agencies.push_back(hold.owner_agency());
    }
    after = page.last_position;
    more = page.more;
  }
  return absl::OkStatus();
}

}  // namespace

std::string RetentionKey(absl::string_view child) {
  // By digest: the key outlives the child.
  return absl::StrCat("retention/", crypto::HexEncode(crypto::Sha256(child)));
}

absl::Status ChangeRetention(store::Transaction& tx, absl::string_view child) {
  const std::string key = RetentionKey(child);
  TRUSTHUB_RETURN_IF_ERROR(tx.GuardOn(key).status());
  tx.Touch(key);
  return absl::OkStatus();
}

bool Examination::schedules_allow() const {
  return std::all_of(records.begin(), records.end(),
                     [&](const Examined& each) { return each.verdict.IsOver(today); });
}

std::vector<std::string> Examination::HeldBackBy(absl::string_view agency) const {
  std::vector<std::string> reasons;
  bool others = false;
  for (const Examined& each : records) {
    if (each.verdict.IsOver(today)) continue;
    if (!AnswersFor(agency, each)) {
      others = true;
      continue;
    }
    reasons.push_back(
        absl::StrCat("Schedule `", each.verdict.schedule, "` keeps ", each.held.records(),
                     " of kind ", KindInWords(each.held.record_kind()), " in ", each.service,
                     each.verdict.keep_until.has_value()
                         ? absl::StrCat(" until ", FormatDay(*each.verdict.keep_until), ".")
                         : ": for how long cannot be told, as a date or field is missing."));
  }
  if (others) reasons.emplace_back("Other records must still be kept; their kinds are not told.");
  for (std::size_t i = 0; i < holds.size(); ++i) {
    const bool own = holding_agencies[i] == agency;
    reasons.push_back(own ? absl::StrCat("Legal hold ", holds[i], " of your agency is in force.")
                          : std::string("A legal hold of another agency is in force."));
  }
  if (moratorium != nullptr) {
    reasons.push_back(absl::StrCat("Nothing is destroyed during the moratorium `", moratorium->id,
                                   "`: ", moratorium->source));
  }
  return reasons;
}

std::vector<retention::v1::KeptRecords> Examination::KeptFor(absl::string_view agency) const {
  std::vector<retention::v1::KeptRecords> rows;
  for (const Examined& each : records) {
    if (!AnswersFor(agency, each)) continue;
    retention::v1::KeptRecords& row = rows.emplace_back();
    row.set_service(each.service);
    row.set_record_kind(each.held.record_kind());
    row.set_records(each.held.records());
    row.set_schedule(each.verdict.schedule);
    row.set_over(each.verdict.IsOver(today));
    if (each.verdict.keep_until.has_value()) {
      *row.mutable_keep_until() = DateToProto(*each.verdict.keep_until);
    }
  }
  return rows;
}

absl::Status Examination::Check(absl::string_view agency) const {
  if (due()) return absl::OkStatus();
  const std::string why = absl::StrJoin(HeldBackBy(agency), " ");
  if (!holds.empty()) {
    return error::RuleBroken(errors::v1::ERROR_REASON_LEGAL_HOLD, why,
                             "Whoever placed the hold lifts it when its reason is gone.");
  }
  return error::RuleBroken(errors::v1::ERROR_REASON_RETENTION_NOT_OVER, why,
                           "Propose it again when nothing must be kept any more.");
}

bool Examiner::IndexIsOver(const v1::Child& child, absl::CivilDay today) const {
  HeldRecord record;
  record.kind = options::v1::RECORD_KIND_CHILD;
  record.last_change = LondonDay(TimeFromProto(child.update_time()));
  return options_.schedules->Of(record, LifeOf(child), today).IsOver(today);
}

absl::StatusOr<Examination> Examiner::Examine(store::Transaction& tx,
                                              const std::string& child_name) const {
  TRUSTHUB_ASSIGN_OR_RETURN(const v1::Child child, tx.Get<v1::Child>(child_name));
  TRUSTHUB_RETURN_IF_ERROR(tx.GuardOn(RetentionKey(child_name)).status());
  const Life life = LifeOf(child);
  Examination examination;
  examination.today = LondonDay(tx.now());
  examination.moratorium = options_.schedules->MoratoriumOn(examination.today);
  TRUSTHUB_RETURN_IF_ERROR(AddHolds(tx, child_name, &examination));
  const auto add = [&](const std::string& service,
                       const retention::v1::GetHoldingsResponse& holdings) {
    for (const retention::v1::HeldRecords& held : holdings.holdings()) {
      const trusthub::retention::Schedules& schedules = *options_.schedules;
      examination.records.push_back({service, held,
                                     schedules.Of(RecordOf(held), life, examination.today),
                                     schedules.IsTold(held.record_kind())});
    }
  };
  TRUSTHUB_ASSIGN_OR_RETURN(const retention::v1::GetHoldingsResponse own,
                            rpc::HoldingsOf(tx.snapshot(), child_name, options_.own_types));
  add(options_.own_service, own);
  for (const std::string& service : options_.others) {
    TRUSTHUB_ASSIGN_OR_RETURN(const retention::v1::GetHoldingsResponse holdings,
                              options_.ask(service, child_name));
    add(service, holdings);
  }
  return examination;
}

}  // namespace trusthub::children
