#include "common/rpc/byte_buffer.h"

#include <utility>
#include <vector>

#include "common/base/hand_over.h"

namespace trusthub::rpc {
namespace {

// A tag of a wire type that there is not.
constexpr char kNoMessage[] = "\x07";

}  // namespace

std::string BytesOf(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  // An empty string would be a message: one without fields.
  if (!buffer.Dump(&slices).ok()) return kNoMessage;
  std::string bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  return bytes;
}

grpc::ByteBuffer BufferOf(std::string bytes) {
  auto* owned = new std::string(std::move(bytes));
  GiveOver(owned);
  grpc::Slice slice(
      owned->data(), owned->size(),
      [](void* owner) {
        TakeOver(owner);
        delete static_cast<std::string*>(owner);
      },
      owned);
  return grpc::ByteBuffer(&slice, 1);
}

}  // namespace trusthub::rpc
