#include "tests/fault/ledger_pipe.h"

#include <limits.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>

#include "absl/strings/string_view.h"

namespace trusthub::testing {
namespace {

constexpr int kNobodyListens = 20;

template <class Value>
void Put(const Value& value, std::string* bytes) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}
void Put(const std::string& text, std::string* bytes) {
  Put(text.size(), bytes);
  bytes->append(text);
}

// What was written by Put, in the same order.
class Unpacker {
 public:
  explicit Unpacker(absl::string_view bytes) : rest_(bytes) {}
  template <class Value>
  Value Take() {
    Value value{};
    std::memcpy(&value, rest_.data(), sizeof(value));
    rest_.remove_prefix(sizeof(value));
    return value;
  }
  std::string Text() {
    const auto size = Take<std::size_t>();
    std::string text(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return text;
  }

 private:
  absl::string_view rest_;
};

void PutReceipt(const store::Committed& committed, std::string* bytes) {
  const store::LeafPlace& place = committed.leaves.at(0);
  const store::SealedHead& head = *committed.head;
  Put(place.index, bytes);
  Put(place.leaf_hash, bytes);
  Put(place.inclusion_proof, bytes);
  Put(head.tree, bytes);
  Put(head.size, bytes);
  Put(head.root, bytes);
  Put(absl::ToUnixMicros(head.sign_time), bytes);
  Put(head.signature, bytes);
}

store::Committed TakeReceipt(Unpacker& bytes) {
  store::LeafPlace place;
  place.index = bytes.Take<std::int64_t>();
  place.leaf_hash = bytes.Text();
  place.inclusion_proof = bytes.Text();
  auto head = std::make_shared<store::SealedHead>();
  head->tree = bytes.Text();
  head->size = bytes.Take<std::int64_t>();
  head->root = bytes.Text();
  head->sign_time = absl::FromUnixMicros(bytes.Take<std::int64_t>());
  head->signature = bytes.Text();
  store::Committed committed;
  committed.leaves.push_back(std::move(place));
  committed.head = std::move(head);
  return committed;
}

// All of it, unless the writer is gone.
bool ReadWhole(int file, char* to, std::size_t size) {
  while (size > 0) {
    const ssize_t got = read(file, to, size);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    to += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

LedgerPipe::LedgerPipe() {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  reader_ = ends[0];
  writer_ = ends[1];
}

LedgerPipe::~LedgerPipe() {
  close(reader_);
  CloseWriter();
}

void LedgerPipe::CloseWriter() {
  if (writer_ >= 0) close(writer_);
  writer_ = -1;
}

void LedgerPipe::Tell(const Told& told) const {
  std::string body;
  Put(told.kind, &body);
  Put(told.number, &body);
  if (told.kind == Told::kKept) PutReceipt(told.committed, &body);
  std::string word;
  Put(static_cast<std::uint32_t>(body.size()), &word);
  word += body;
  // So much is written whole or not at all.
  if (word.size() > PIPE_BUF) std::abort();
  if (write(writer_, word.data(), word.size()) != static_cast<ssize_t>(word.size())) {
    _exit(kNobodyListens);
  }
}

std::optional<Told> LedgerPipe::Hear(absl::Duration limit) {
  pollfd waiting{reader_, POLLIN, 0};
  const auto millis = static_cast<int>(std::max<std::int64_t>(absl::ToInt64Milliseconds(limit), 0));
  if (ended_ || poll(&waiting, 1, millis) <= 0) return std::nullopt;
  std::uint32_t size = 0;
  std::string body;
  if (ReadWhole(reader_, reinterpret_cast<char*>(&size), sizeof(size))) {
    body.resize(size);
    if (ReadWhole(reader_, body.data(), body.size())) {
      Unpacker bytes(body);
      Told told;
      told.kind = bytes.Take<Told::Kind>();
      told.number = bytes.Take<std::int64_t>();
      if (told.kind == Told::kKept) told.committed = TakeReceipt(bytes);
      return told;
    }
  }
  ended_ = true;
  return std::nullopt;
}

}  // namespace trusthub::testing
