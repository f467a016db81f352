#include "tests/tidy/text_rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace trusthub::tidy {
namespace {

// Lines of a file that a person reads in one go; generated tables are data files, not code.
constexpr int kLinesMax = 700;

struct Ban {
  absl::string_view token;
  std::vector<absl::string_view> except;  // folders or files
  absl::string_view instead;
};

const std::vector<Ban>& Bans() {
  static const std::vector<absl::string_view> clocks = {"common/time", "common/log"};
  static const auto& bans = *new std::vector<Ban>{
      {"absl::Now", clocks, "use Clock (common/time/clock.h); a handler uses Call::now"},
      {"GetCurrentTimeNanos", clocks, "use Clock (common/time/clock.h)"},
      {"system_clock", clocks, "use Clock (common/time/clock.h); steady_clock measures"},
      {"gettimeofday", clocks, "use Clock (common/time/clock.h)"},
      {"std::time", clocks, "use Clock (common/time/clock.h)"},
      {"SleepFor", {}, "wait for a condition: CondVar (common/base/mutex.h)"},
      {"sleep_for", {}, "wait for a condition: CondVar (common/base/mutex.h)"},
      {"sleep_until", {}, "wait for a condition: CondVar (common/base/mutex.h)"},
      {"usleep", {}, "wait for a condition: CondVar (common/base/mutex.h)"},
      {"nanosleep", {}, "wait for a condition: CondVar (common/base/mutex.h)"},
      {"DebugString", {}, "use PrintOperational (common/proto/print.h): it prints no person"},
      {"ShortDebugString", {}, "use PrintOperational (common/proto/print.h): it prints no person"},
      {"Utf8DebugString", {}, "use PrintOperational (common/proto/print.h): it prints no person"},
      {"std::string_view", {}, "use absl::string_view: on Debian they do not convert"},
      {"absl::Mutex", {}, "use Mutex (common/base/mutex.h): Debian's Abseil is blind to TSan"},
      {"absl::MutexLock", {}, "use MutexLock (common/base/mutex.h)"},
      {"absl::CondVar", {}, "use CondVar (common/base/mutex.h)"},
      {"std::mutex", {"common/base"}, "use Mutex (common/base/mutex.h)"},
      {"std::shared_mutex", {"common/base"}, "use Mutex (common/base/mutex.h)"},
      {"std::recursive_mutex", {"common/base"}, "use Mutex (common/base/mutex.h)"},
      {"std::lock_guard", {"common/base"}, "use MutexLock (common/base/mutex.h)"},
      {"std::unique_lock", {"common/base"}, "use MutexLock (common/base/mutex.h)"},
      {"std::scoped_lock", {"common/base"}, "use MutexLock (common/base/mutex.h)"},
      {"std::condition_variable", {"common/base"}, "use CondVar (common/base/mutex.h)"},
      {"throw", {"deploy/hubctl"}, "return an absl::Status"},
  };
  return bans;
}

bool IsWord(char c) { return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_'; }

// Whether `token` stands in `line` as a whole word; a qualifier may stand before it.
bool HasToken(absl::string_view line, absl::string_view token) {
  for (std::size_t at = line.find(token); at != line.npos; at = line.find(token, at + 1)) {
    const std::size_t end = at + token.size();
    if ((at == 0 || !IsWord(line[at - 1])) && (end == line.size() || !IsWord(line[end]))) {
      return true;
    }
  }
  return false;
}

// `grpc::Status(...)`, `grpc::Status{...}` or `grpc::Status name(...)`; not a function that returns
// one.
bool MakesGrpcStatus(absl::string_view line) {
  constexpr absl::string_view kType = "grpc::Status";
  for (std::size_t at = line.find(kType); at != line.npos; at = line.find(kType, at + 1)) {
    absl::string_view rest = line.substr(at + kType.size());
    if (!rest.empty() && (IsWord(rest[0]) || rest[0] == ':')) continue;
    rest = absl::StripLeadingAsciiWhitespace(rest);
    std::size_t name = 0;
    while (name < rest.size() && IsWord(rest[name])) ++name;
    const bool variable = name == 0 || absl::ascii_islower(static_cast<unsigned char>(rest[0]));
    if (variable && name < rest.size() && (rest[name] == '(' || rest[name] == '{')) return true;
  }
  return false;
}

bool Excepted(absl::string_view path, const std::vector<absl::string_view>& folders) {
  return std::any_of(folders.begin(), folders.end(),
                     [&](absl::string_view folder) { return IsUnder(path, folder); });
}

}  // namespace

std::vector<Finding> CheckBannedCode(const SourceFile& file) {
  std::vector<Finding> findings;
  if (!IsCpp(file.path)) return findings;
  const std::vector<std::string> lines = CodeLines(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    for (const Ban& ban : Bans()) {
      if (!HasToken(lines[i], ban.token) || Excepted(file.path, ban.except)) continue;
      findings.push_back({file.path, number, absl::StrCat(ban.token, ": ", ban.instead)});
    }
    if (MakesGrpcStatus(lines[i]) &&
        !Excepted(file.path, {"common/rpc/to_grpc.cc", "tests/bench"})) {
      findings.push_back({file.path, number,
                          "grpc::Status is made in common/rpc/to_grpc.cc alone: return an error of "
                          "common/error/error.h"});
    }
  }
  return findings;
}

std::vector<Finding> CheckUnfinished(const SourceFile& file) {
  // Spelled in two parts, so that this file passes its own test.
  static const std::string marks[] = {absl::StrCat("TO", "DO"), absl::StrCat("FIX", "ME")};
  std::vector<Finding> findings;
  const std::vector<std::string> lines = PlainLines(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (const std::string& mark : marks) {
      if (!HasToken(lines[i], mark)) continue;
      findings.push_back({file.path, static_cast<int>(i) + 1,
                          absl::StrCat(mark, ": finish it, or write an issue")});
    }
  }
  return findings;
}

std::vector<Finding> CheckNames(const SourceFile& file) {
  static constexpr absl::string_view kEmptyNames[] = {"util", "utils", "misc", "helper", "helpers"};
  for (const absl::string_view segment : absl::StrSplit(file.path, '/')) {
    const absl::string_view stem = segment.substr(0, segment.find('.'));
    for (const absl::string_view word : absl::StrSplit(stem, absl::ByAnyChar("_-"))) {
      if (std::find(std::begin(kEmptyNames), std::end(kEmptyNames), word) ==
          std::end(kEmptyNames)) {
        continue;
      }
      return {{file.path, 0, absl::StrCat(word, ": name it for the one idea it holds")}};
    }
  }
  return {};
}

std::vector<Finding> CheckLength(const SourceFile& file) {
  if (!IsCpp(file.path) && !absl::EndsWith(file.path, ".proto") &&
      !absl::EndsWith(file.path, ".py")) {
    return {};
  }
  const auto lines = std::count(file.text.begin(), file.text.end(), '\n');
  if (lines <= kLinesMax) return {};
  return {{file.path, static_cast<int>(lines),
           absl::StrCat("more than ", kLinesMax, " lines: split it by idea")}};
}

std::vector<Finding> CheckGuard(const SourceFile& file) {
  if (!absl::EndsWith(file.path, ".h")) return {};
  const std::string guard = absl::StrCat(
      "TRUSTHUB_",
      absl::AsciiStrToUpper(absl::StrReplaceAll(file.path, {{"/", "_"}, {".", "_"}, {"-", "_"}})),
      "_");
  const std::string opening = absl::StrCat("#ifndef ", guard, "\n#define ", guard, "\n");
  if (absl::StrContains(file.text, opening) &&
      !absl::StrContains(file.text, absl::StrCat("#pragma", " once"))) {
    return {};
  }
  return {{file.path, 0, absl::StrCat("include guard must be ", guard)}};
}

std::vector<Finding> CheckMacros(const SourceFile& file) {
  if (!IsCpp(file.path) || file.path == "common/base/status_macros.h") return {};
  std::vector<Finding> findings;
  const std::vector<std::string> lines = CodeLines(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    absl::string_view rest = lines[i];
    if (!absl::ConsumePrefix(&rest, "#define ")) continue;
    const std::vector<absl::string_view> words = absl::StrSplit(rest, ' ', absl::SkipEmpty());
    // A guard defines nothing; a feature test macro of the system is no macro of ours.
    if (words.size() == 1 && (absl::EndsWith(words[0], "_H_") || words[0] == "_GNU_SOURCE")) {
      continue;
    }
    findings.push_back({file.path, static_cast<int>(i) + 1,
                        "no macros but the two of common/base/status_macros.h: write a function or "
                        "a constant"});
  }
  return findings;
}

}  // namespace trusthub::tidy
