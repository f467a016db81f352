// Calls of every method of every service, one after the other, through the whole path of a call.
// The input is a script (script.h); one_hub.h says what is checked after each call.
#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/crypto/crypto.h"
#include "tests/fuzz/field_text.h"
#include "tests/fuzz/message_mutator.h"
#include "tests/fuzz/mutator.h"
#include "tests/fuzz/one_hub.h"
#include "tests/fuzz/script.h"
#include "tests/fuzz/target.h"

namespace trusthub::fuzz {
namespace {

// Calls of one input; more would say no more and take longer.
constexpr std::size_t kLinesMax = 24;

OneHub& Hub() {
  static auto& hub = *new OneHub;
  return hub;
}

void RunCall(const Line& line, Names* names) {
  OneHub& hub = Hub();
  SentCall sent;
  sent.method = hub.MethodNamed(line.method);
  if (sent.method == nullptr) return;
  sent.worker = line.worker;
  sent.purpose = line.purpose;
  sent.case_reference = "CASE-1";
  const auto request = ParseRequest(*sent.method, line.request);
  if (request != nullptr) {
    names->Resolve(request.get());
    sent.request = request->SerializeAsString();
  } else {
    const auto bytes = crypto::HexDecode(absl::StripPrefix(line.request, "="));
    sent.request = bytes.ok() ? *bytes : line.request;
  }
  const Answer answer = hub.Run(sent);
  if (!answer.status.ok()) return;
  std::unique_ptr<google::protobuf::Message> response(sent.method->route.response_prototype->New());
  Require(response->ParseFromString(answer.bytes), "an answer parses");
  names->Learn(*response);
}

// --- Changes -----------------------------------------------------------------------------------

std::string NameOf(options::v1::Purpose purpose) {
  const std::string name = options::v1::Purpose_Name(purpose);
  return absl::AsciiStrToLower(absl::StripPrefix(name, "PURPOSE_"));
}

// Mostly one for which the method may be called.
std::string SomePurpose(MessageMutator& mutator, const rpc::Method& method) {
  const auto& allowed = method.rule.purposes();
  if (!allowed.empty() && mutator.Below(8) != 0) {
    const auto which = mutator.Below(static_cast<std::uint32_t>(allowed.size()));
    return NameOf(static_cast<options::v1::Purpose>(allowed[static_cast<int>(which)]));
  }
  return NameOf(static_cast<options::v1::Purpose>(
      mutator.Below(static_cast<std::uint32_t>(options::v1::Purpose_MAX) + 1)));
}

// Mostly one who may call the method.
std::string SomeWorker(MessageMutator& mutator, const rpc::Method& method) {
  const auto& workers = Hub().workers();
  const auto some = [&] {
    return workers[mutator.Below(static_cast<std::uint32_t>(workers.size()))];
  };
  std::string worker = some();
  if (mutator.Below(8) == 0) return worker;
  for (int tries = 0; tries < 64 && ((method.roles >> Hub().RoleOf(worker)) & 1) == 0; ++tries) {
    worker = some();
  }
  return worker;
}

void ChangeRequest(MessageMutator& mutator, Line* line) {
  const rpc::Method* method = Hub().MethodNamed(line->method);
  if (method == nullptr || method->route.request_prototype == nullptr) return;
  auto request = ParseRequest(*method, line->request);
  if (request == nullptr) request.reset(method->route.request_prototype->New());
  mutator.Mutate(request.get());
  line->request = PrintRequest(*request);
}

// A call of any method, with every field filled.
Line SomeCall(MessageMutator& mutator) {
  const auto& methods = Hub().methods();
  const auto& method = *methods[mutator.Below(static_cast<std::uint32_t>(methods.size()))];
  std::unique_ptr<google::protobuf::Message> request(method.route.request_prototype->New());
  mutator.Fill(request.get());
  Line line;
  line.method = method.descriptor->name();
  line.worker = SomeWorker(mutator, method);
  line.purpose = SomePurpose(mutator, method);
  line.request = PrintRequest(*request);
  return line;
}

void ChangeLine(MessageMutator& mutator, Line* line) {
  if (line->clock != 0) {
    line->clock = 1 + mutator.Below(400 * 24 * 3600);
    return;
  }
  const rpc::Method* method = Hub().MethodNamed(line->method);
  if (method == nullptr) method = Hub().methods().front().get();
  switch (mutator.Below(12)) {
    case 0:
      line->worker = SomeWorker(mutator, *method);
      break;
    case 1:
      line->purpose = SomePurpose(mutator, *method);
      break;
    case 2: {
      std::string bytes = line->request;
      const std::size_t size = bytes.size();
      bytes.resize(size + 16);
      bytes.resize(
          LLVMFuzzerMutate(reinterpret_cast<std::uint8_t*>(bytes.data()), size, bytes.size()));
      std::replace(bytes.begin(), bytes.end(), '\n', ' ');
      line->request = bytes;
      break;
    }
    default:
      ChangeRequest(mutator, line);
      break;
  }
}

std::vector<Line> LinesOf(absl::string_view text) {
  std::vector<Line> lines;
  for (const absl::string_view piece : absl::StrSplit(text, '\n')) {
    if (auto line = ParseLine(piece)) lines.push_back(*std::move(line));
    if (lines.size() == kLinesMax) break;
  }
  return lines;
}

void ChangeScript(MessageMutator& mutator, std::vector<Line>* lines) {
  const auto some = [&] {
    return lines->begin() +
           static_cast<std::ptrdiff_t>(mutator.Below(static_cast<std::uint32_t>(lines->size())));
  };
  switch (lines->empty() ? 0 : mutator.Below(10)) {
    case 0:
      lines->insert(lines->empty() ? lines->end() : some(), SomeCall(mutator));
      break;
    case 1:
      lines->erase(some());
      break;
    case 2: {
      const Line doubled = *some();
      lines->insert(some(), doubled);
      break;
    }
    case 3:
      std::iter_swap(some(), some());
      break;
    case 4: {
      Line clock;
      clock.clock = 1 + mutator.Below(90 * 24 * 3600);
      lines->insert(some(), clock);
      break;
    }
    default:
      ChangeLine(mutator, &*some());
      break;
  }
}

}  // namespace
}  // namespace trusthub::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trusthub::fuzz;  // NOLINT(google-build-using-namespace)
  Input input(data, size);
  const std::vector<Line> lines = LinesOf(input.Rest());
  if (lines.empty()) return 0;
  Hub().Reset();
  Names names;
  for (const Line& line : lines) {
    if (line.clock != 0) {
      Hub().Advance(absl::Seconds(line.clock));
    } else {
      RunCall(line, &names);
    }
  }
  // A restart takes as long as the calls: not after each input, but always after the same ones.
  Hub().CheckSound(/*reopen=*/size % 8 == 0);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
  using namespace trusthub::fuzz;  // NOLINT(google-build-using-namespace)
  MessageMutator mutator(seed, FieldText);
  std::vector<Line> lines = LinesOf(absl::string_view(reinterpret_cast<const char*>(data), size));
  ChangeScript(mutator, &lines);
  const std::string text = absl::StrJoin(
      lines, "\n", [](std::string* out, const Line& line) { *out += PrintLine(line); });
  if (text.size() > size_max) return size;
  std::copy(text.begin(), text.end(), data);
  return text.size();
}
