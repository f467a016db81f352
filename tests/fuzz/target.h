// File: target.h
//
// What every fuzz target is made of. A target is one file `<name>_fuzz.cc` with one function,
//     extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
// which takes any bytes, keeps nothing that would change what the next input finds, and ends the
// process when a promise is broken. Preset `asan` links it with libFuzzer; every other build links
// it with replay.cc, so that the inputs kept in corpus/<name> are an ordinary test.
#ifndef TRUSTHUB_TESTS_FUZZ_TARGET_H_
#define TRUSTHUB_TESTS_FUZZ_TARGET_H_

#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace trusthub::fuzz {

// Says on stderr which promise was broken, and ends the process, unless `holds`.
void Require(bool holds, absl::string_view promise);

// What a target was made from failed: nothing was found, and nothing can be.
void RequireReady(bool ready, absl::string_view what);

// Takes an input apart from its front. Gives zeros and empty texts after the end.
class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size);

  bool empty() const { return rest_.empty(); }
  std::uint8_t Byte();
  std::uint64_t Number();              // eight bytes, little endian
  std::string Text(std::size_t size);  // at most so many bytes
  std::string Line();                  // up to a newline, which is taken and not given
  std::string Rest();
  // One of 0 to count - 1 by the next byte.
  std::size_t OneOf(std::size_t count) { return Byte() % count; }

 private:
  absl::string_view rest_;
};

}  // namespace trusthub::fuzz

#endif  // TRUSTHUB_TESTS_FUZZ_TARGET_H_
