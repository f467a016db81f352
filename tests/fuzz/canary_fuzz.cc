// A planted crash: `tests/fuzz/run` fails unless this target is reported within seconds. It shows
// that a fuzzer, its sanitizers and the script that reads them would notice.
#include <vector>

#include "tests/fuzz/target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::vector<std::uint8_t> input(data, data + size);
  if (size >= 3 && input[0] == 'T' && input[1] == 'H' && input[2] == '!') {
    const volatile std::uint8_t* past_the_end = input.data() + input.size();
    return *past_the_end == 0 ? 0 : 0;
  }
  return 0;
}
