#include "deploy/hubctl/story/story.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/ids.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/story/steps.h"

namespace trusthub::story {

std::string Text(const types::v1::Date& date) {
  return absl::StrFormat("%04d-%02d-%02d", date.year(), date.month(), date.day());
}

std::string DayText(const types::v1::Date& date) {
  const absl::StatusOr<absl::CivilDay> day = DateFromProto(date);
  if (!day.ok()) return "no day";
  return absl::FormatTime("%A %Y-%m-%d", absl::FromCivil(*day, absl::UTCTimeZone()),
                          absl::UTCTimeZone());
}

void SetDay(absl::CivilDay day, types::v1::Date* date) { *date = DateToProto(day); }

std::string NewSeed() { return RandomId().substr(0, 8); }

absl::StatusOr<Transcript> PlayStory(const hubctl::Hub& hub, Narrator& narrator,
                                     absl::string_view seed, Transcript* so_far) {
  Player player(hub, narrator, std::string(seed));
  Play play{player, CastOf(seed), "", "", "", "", "", "", "", {}};
  absl::Status status;
  for (const auto step : {ReferTheChild, LinkTheChild, DecideAndAssess, Enquire, Confer,
                          AttendAtNight, TryTheForbidden, CheckTheReceipt}) {
    status = step(play);
    if (!status.ok()) break;
  }
  Transcript transcript = player.TakeTranscript();
  if (so_far != nullptr) *so_far = transcript;
  if (!status.ok()) return status;
  return transcript;
}

}  // namespace trusthub::story
