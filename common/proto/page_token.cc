#include "common/proto/page_token.h"

#include <algorithm>
#include <memory>

#include "common/base/limits.h"
#include "common/crypto/crypto.h"
#include "common/error/error.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "trusthub/internal/v1/page_token.pb.h"

namespace trusthub::proto {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

constexpr char kSealedAs[] = "trusthub.internal.v1.PageToken";
// Seconds by which the clock of another replica may run ahead of ours.
constexpr std::int64_t kSkewSecondsMax = 300;

// The field `name` of a request; null when it has none of that type.
const FieldDescriptor* FieldOf(const Message& request, absl::string_view name,
                               FieldDescriptor::Type type) {
  const FieldDescriptor* field = request.GetDescriptor()->FindFieldByName(std::string(name));
  return field != nullptr && field->type() == type && !field->is_repeated() ? field : nullptr;
}
const FieldDescriptor* TokenField(const Message& request) {
  return FieldOf(request, "page_token", FieldDescriptor::TYPE_STRING);
}
const FieldDescriptor* SizeField(const Message& request) {
  return FieldOf(request, "page_size", FieldDescriptor::TYPE_INT32);
}

// SHA-256 of the request's type and of its arguments but size and token, in one fixed order. The
// size may change from page to page.
std::string DigestOf(const Message& request) {
  const std::unique_ptr<Message> arguments(request.New());
  arguments->CopyFrom(request);
  arguments->DiscardUnknownFields();
  for (const FieldDescriptor* field : {TokenField(request), SizeField(request)}) {
    if (field != nullptr) arguments->GetReflection()->ClearField(arguments.get(), field);
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    arguments->SerializeToCodedStream(&coded);
  }
  return crypto::Sha256({request.GetDescriptor()->full_name(), absl::string_view("\0", 1), bytes});
}

int SizeOf(const Message& request) {
  const FieldDescriptor* field = SizeField(request);
  const int asked = field == nullptr ? 0 : request.GetReflection()->GetInt32(request, field);
  return asked <= 0 ? limits::kPageSizeDefault : std::min(asked, limits::kPageSizeMax);
}

}  // namespace

PageTokens::PageTokens(absl::string_view key) : key_(key) {}

absl::StatusOr<PageStart> PageTokens::Open(const Message& request, absl::string_view caller,
                                           absl::Time now) const {
  PageStart start;
  start.size = SizeOf(request);
  const FieldDescriptor* field = TokenField(request);
  if (field == nullptr) return start;
  const std::string text = request.GetReflection()->GetString(request, field);
  if (text.empty()) return start;

  const absl::StatusOr<std::string> sealed = crypto::Base64UrlDecode(text);
  if (!sealed.ok()) return error::PageTokenInvalid();
  const absl::StatusOr<std::string> opened = crypto::Open(key_.view(), *sealed, kSealedAs);
  internal::v1::PageToken token;
  if (!opened.ok() || !token.ParseFromString(*opened)) return error::PageTokenInvalid();
  const std::int64_t age = absl::ToUnixSeconds(now) - token.issue_seconds();
  const bool fresh = age >= -kSkewSecondsMax && age < limits::kPageTokenSeconds;
  if (!fresh || token.caller() != caller || token.arguments_digest() != DigestOf(request)) {
    return error::PageTokenInvalid();
  }
  start.after_position = token.after_position();
  return start;
}

std::string PageTokens::Seal(const Message& request, absl::string_view caller,
                             std::int64_t after_position, absl::Time now) const {
  internal::v1::PageToken token;
  token.set_after_position(after_position);
  token.set_arguments_digest(DigestOf(request));
  token.set_caller(std::string(caller));
  token.set_issue_seconds(absl::ToUnixSeconds(now));
  return crypto::Base64UrlEncode(crypto::Seal(key_.view(), token.SerializeAsString(), kSealedAs));
}

}  // namespace trusthub::proto
