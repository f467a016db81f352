#include "services/health/release.h"

#include <algorithm>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/time/civil_date.h"

namespace trusthub::health {
namespace {

// Characters that a reason of substance has at least (domain.md scenario 12: never an empty one).
constexpr int kReasonCharactersMin = 20;
// Releases that a record holds, as its field option says.
constexpr int kReleasesMax = 20;

// Characters of UTF-8 text between its first and last that are no space.
int CharactersOf(absl::string_view text) {
  const absl::string_view core = absl::StripAsciiWhitespace(text);
  return static_cast<int>(std::count_if(core.begin(), core.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;  // not the continuation of one
  }));
}

}  // namespace

std::vector<error::Violation> ReleaseViolations(const v1::ReleaseConsultationRequest& request,
                                                absl::string_view own_agency) {
  std::vector<error::Violation> violations;
  if (request.to_agency() == own_agency) {
    violations.push_back({"to_agency", "must be another agency than the author's own"});
  }
  if (CharactersOf(request.reason()) < kReasonCharactersMin) {
    violations.push_back({"reason", absl::StrCat("must tell the significant harm in at least ",
                                                 kReasonCharactersMin, " characters")});
  }
  return violations;
}

bool IsReleasedTo(const v1::Consultation& consultation, absl::string_view agency) {
  return std::any_of(consultation.releases().begin(), consultation.releases().end(),
                     [&](const v1::Release& release) { return release.to_agency() == agency; });
}

absl::Status AddRelease(const v1::ReleaseConsultationRequest& request, absl::string_view approver,
                        absl::Time now, absl::CivilDay review_due, v1::Consultation* consultation) {
  if (IsReleasedTo(*consultation, request.to_agency())) {
    return error::RecordExists("release", "Advice is released to an agency once.");
  }
  if (consultation->releases_size() >= kReleasesMax) {
    return error::StateForbids("consultation", "RELEASED", "releasing it to more agencies");
  }
  v1::Release& release = *consultation->add_releases();
  release.set_to_agency(request.to_agency());
  release.set_approved_by(std::string(approver));
  release.set_reason(request.reason());
  *release.mutable_release_time() = TimeToProto(now);
  *release.mutable_review_due_date() = DateToProto(review_due);
  return absl::OkStatus();
}

}  // namespace trusthub::health
