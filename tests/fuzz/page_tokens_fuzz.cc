// Page tokens and cursors of Watch: only what was sealed for this caller and these arguments, or
// for this store, is taken.
#include <memory>

#include "common/base/limits.h"
#include "common/crypto/crypto.h"
#include "common/events/feed.h"
#include "common/proto/page_token.h"
#include "tests/fuzz/target.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::fuzz {
namespace {

using referrals::v1::ListReferralsRequest;

constexpr char kCaller[] = "agencies/redbridge-council workers/one";
constexpr char kStore[] = "a secret name of a store";
constexpr std::int64_t kIssued = 1'268'733'600;
const absl::Time kNow = absl::FromUnixSeconds(kIssued);

const proto::PageTokens& Tokens() {
  static const auto& tokens = *new proto::PageTokens(std::string(32, 'k'));
  return tokens;
}

void Open(ListReferralsRequest request, const std::string& token, bool may_pass) {
  request.set_page_token(token);
  const auto start = Tokens().Open(request, kCaller, kNow);
  Require(!start.ok() || may_pass || token.empty(), "only a token sealed for this call is taken");
  if (!start.ok()) return;
  Require(start->size >= 1 && start->size <= limits::kPageSizeMax, "a page has a bounded size");
}

// A good token with some of its bytes changed.
void OpenChanged(Input& input, const ListReferralsRequest& request) {
  const std::int64_t after = static_cast<std::int64_t>(input.Number());
  const std::string good = Tokens().Seal(request, kCaller, after, kNow);
  Open(request, good, true);
  std::string changed = good;
  while (!input.empty()) {
    changed[input.OneOf(changed.size())] ^= static_cast<char>(input.Byte());
  }
  Open(request, changed, changed == good);
}

// The same token with other arguments, for another caller, at another time.
void OpenElsewhere(Input& input, const ListReferralsRequest& request) {
  const std::string good = Tokens().Seal(request, kCaller, 7, kNow);
  const absl::Time now = kNow + absl::Seconds(static_cast<std::int32_t>(input.Number()));
  ListReferralsRequest other;
  if (!other.ParseFromString(input.Rest())) return;
  const std::string asked = other.child();
  other.set_page_token(good);
  const auto start = Tokens().Open(other, kCaller, now);
  const double age = absl::ToDoubleSeconds(now - kNow);
  Require(!start.ok() || age < limits::kPageTokenSeconds, "a token is good for a day");
  Require(!start.ok() || asked == request.child(), "a token is bound to the arguments");
  Require(!Tokens().Open(other, "agencies/elsewhere workers/one", now).ok(),
          "a token is bound to its caller");
}

void OpenCursor(Input& input) {
  const std::int64_t sequence = static_cast<std::int64_t>(input.Number());
  const std::string good = events::EncodeVaryingCursor(kStore, sequence);
  const auto back = events::DecodeCursor(kStore, good);
  Require(back.ok() && *back == sequence, "a cursor comes back as it was");
  Require(!events::DecodeCursor("another store", good).ok(), "a cursor is bound to its store");
  const std::string text = input.Rest();
  Require(!events::DecodeCursor(kStore, text).ok(), "no cursor is made without the store's name");
}

}  // namespace
}  // namespace trusthub::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using trusthub::fuzz::Input;
  Input input(data, size);
  trusthub::referrals::v1::ListReferralsRequest request;
  request.set_child("children/c1");
  switch (input.OneOf(4)) {
    case 0:
      trusthub::fuzz::Open(request, input.Rest(), false);
      break;
    case 1:
      trusthub::fuzz::OpenChanged(input, request);
      break;
    case 2:
      trusthub::fuzz::OpenElsewhere(input, request);
      break;
    default:
      trusthub::fuzz::OpenCursor(input);
      break;
  }
  return 0;
}
