#include "tests/tidy/include_rules.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"

namespace trusthub::tidy {
namespace {

// Storeys of common/, lowest first. A room includes every room of the storeys below its own.
const std::vector<std::vector<absl::string_view>>& Storeys() {
  static const auto& storeys = *new std::vector<std::vector<absl::string_view>>{
      {"base"},
      {"time", "log", "config"},
      {"proto", "error", "crypto", "timescales", "identifiers"},
      {"store", "retention"},
      {"auth", "policy", "audit", "events"},
      {"rpc"},
  };
  return storeys;
}

struct Arrow {
  absl::string_view from;
  absl::string_view to;
};

// The only arrows between rooms of one storey.
constexpr Arrow kLevelArrows[] = {
    {"config", "time"},        // dates in files
    {"proto", "error"},        // violations
    {"proto", "identifiers"},  // formats
    {"proto", "crypto"},       // sealed page tokens
    {"policy", "auth"},        // whom a decision is about
};

// Folders that see an outside library; everybody else goes through them.
struct Wrapper {
  absl::string_view library;  // start of the include path
  std::vector<absl::string_view> folders;
  absl::string_view instead;
};
const std::vector<Wrapper>& Wrappers() {
  static const auto& wrappers = *new std::vector<Wrapper>{
      // tests/fault stands between SQLite and the disk, and asks it whether a file is sound.
      {"sqlite3", {"common/store/sqlite", "tests/fault"}, "use common/store/store.h"},
      {"libpq", {"common/store/postgres"}, "use common/store/store.h"},
      {"openssl/",
       {"common/crypto", "common/auth", "deploy/hubctl/pki"},
       "use common/crypto/crypto.h"},
      {"p11-kit/", {"common/crypto/keys"}, "use common/crypto/keys/key_ring.h"},
      {"grpcpp/",
       {"common/rpc", "deploy/hubctl", "tests/bench", "tests/e2e", "tests/sanitizers"},
       "use common/rpc: handlers and clients never see gRPC"},
      {"grpc/",
       {"common/rpc", "deploy/hubctl", "tests/bench", "tests/e2e", "tests/sanitizers"},
       "use common/rpc: handlers and clients never see gRPC"},
  };
  return wrappers;
}

// "store" of "common/store/sqlite/x.h"; "" outside common.
absl::string_view RoomOf(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "common/")) return "";
  return path.substr(0, path.find('/'));
}

// "referrals" of "services/referrals/x.h"; "" outside services.
absl::string_view ServiceOf(absl::string_view path) {
  if (!absl::ConsumePrefix(&path, "services/")) return "";
  return path.substr(0, path.find('/'));
}

int StoreyOf(absl::string_view room) {
  for (std::size_t i = 0; i < Storeys().size(); ++i) {
    for (const absl::string_view each : Storeys()[i]) {
      if (each == room) return static_cast<int>(i);
    }
  }
  return -1;
}

bool MayInclude(absl::string_view from, absl::string_view to) {
  if (from == to || StoreyOf(to) < StoreyOf(from)) return true;
  return std::any_of(std::begin(kLevelArrows), std::end(kLevelArrows),
                     [&](const Arrow& arrow) { return arrow.from == from && arrow.to == to; });
}

// Whether arrows of a storey lead from one room to another in at most `steps`.
bool LeadsTo(absl::string_view from, absl::string_view to, std::size_t steps) {
  if (steps == 0) return false;
  return std::any_of(std::begin(kLevelArrows), std::end(kLevelArrows), [&](const Arrow& arrow) {
    return arrow.from == from && (arrow.to == to || LeadsTo(arrow.to, to, steps - 1));
  });
}

// Deepest folder wins: a file may be deploy/hubctl/pki.cc or deploy/hubctl/pki/ca.cc.
bool IsIn(absl::string_view path, absl::string_view folder) {
  return IsUnder(path, folder) ||
         (absl::StartsWith(path, folder) && path.find('/', folder.size()) == path.npos);
}

std::string CheckInsideCommon(absl::string_view path, absl::string_view included) {
  const absl::string_view from = RoomOf(path);
  if (!ServiceOf(included).empty()) return "nothing in common knows a service";
  // Tests make their certificates and tokens as a sandbox does.
  if (IsTest(path) && IsUnder(included, "deploy/hubctl/pki")) return "";
  const absl::string_view to = RoomOf(included);
  if (to.empty()) return "common includes only common, protos and libraries";
  if (from == "testing") {
    return StoreyOf(to) < 0 && to != "testing"
               ? absl::StrCat("common/", to, " is not in the table of include_rules.cc")
               : "";
  }
  if (to == "testing") {
    return IsTest(path) ? "" : "only tests include common/testing";
  }
  if (StoreyOf(from) < 0 || StoreyOf(to) < 0) {
    return absl::StrCat("common/", StoreyOf(from) < 0 ? from : to,
                        " is not in the table of include_rules.cc: give it a storey");
  }
  if (MayInclude(from, to)) return "";
  return absl::StrCat("common/", from, " may not include common/", to,
                      ": includes run one way (design.md, The house)");
}

std::string CheckInsideServices(absl::string_view path, absl::string_view included) {
  const absl::string_view other = ServiceOf(included);
  if (!other.empty() && other != ServiceOf(path)) {
    return "a service never includes another: call its proto through rpc::Services";
  }
  if (RoomOf(included) == "testing" && !IsTest(path)) return "only tests include common/testing";
  if (IsUnder(included, "deploy") || IsUnder(included, "tests")) {
    return "a service includes only itself, common and protos";
  }
  return "";
}

// "" when `included` is fine.
std::string CheckOurs(absl::string_view path, absl::string_view included) {
  if (IsUnder(path, "common")) return CheckInsideCommon(path, included);
  if (IsUnder(path, "services")) return CheckInsideServices(path, included);
  if (IsUnder(path, "tests/conformance")) return "conformance tests know only the protos";
  if (IsUnder(path, "deploy") && IsUnder(included, "tests")) return "nothing ships with tests";
  return "";
}

bool IsOurs(absl::string_view included) {
  return IsUnder(included, "common") || IsUnder(included, "services") ||
         IsUnder(included, "deploy") || IsUnder(included, "tests");
}

}  // namespace

std::vector<Include> IncludesOf(const SourceFile& file) {
  std::vector<Include> includes;
  const std::vector<std::string> lines = PlainLines(file.text);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    absl::string_view line = lines[i];
    if (!absl::ConsumePrefix(&line, "#include ")) continue;
    const std::size_t open = line.find_first_of("\"<");
    const std::size_t close = line.find_last_of("\">");
    if (open == line.npos || close <= open) continue;
    includes.push_back(
        {std::string(line.substr(open + 1, close - open - 1)), static_cast<int>(i) + 1});
  }
  return includes;
}

std::vector<Finding> CheckIncludes(const SourceFile& file) {
  std::vector<Finding> findings;
  for (const Include& include : IncludesOf(file)) {
    std::string message;
    if (absl::StartsWith(include.path, ".")) {
      message = "includes are written from the root";
    } else if (absl::EndsWith(include.path, ".grpc.pb.h") && !IsUnder(file.path, "tests")) {
      message = "the hub generates no gRPC code: common/rpc serves methods from descriptors";
    } else if (IsOurs(include.path)) {
      message = CheckOurs(file.path, include.path);
      if (IsTestSupport(include.path) && !IsTest(file.path) && !IsUnder(file.path, "tests") &&
          !IsUnder(file.path, "common/testing")) {
        message = "only tests include fixtures and factories of tests";
      }
    }
    for (const Wrapper& wrapper : Wrappers()) {
      if (!absl::StartsWith(include.path, wrapper.library)) continue;
      const bool wraps =
          std::any_of(wrapper.folders.begin(), wrapper.folders.end(),
                      [&](absl::string_view folder) { return IsIn(file.path, folder); });
      if (!wraps) {
        message = absl::StrCat("only ", absl::StrJoin(wrapper.folders, ", "), " may include ",
                               wrapper.library, "; ", wrapper.instead);
      }
    }
    if (!message.empty()) findings.push_back({file.path, include.line, message});
  }
  return findings;
}

std::vector<std::string> CheckIncludeTable() {
  std::vector<std::string> wrong;
  for (const Arrow& arrow : kLevelArrows) {
    if (StoreyOf(arrow.from) < 0 || StoreyOf(arrow.from) != StoreyOf(arrow.to)) {
      wrong.push_back(absl::StrCat(arrow.from, " -> ", arrow.to, " is not within one storey"));
    }
    if (LeadsTo(arrow.to, arrow.from, std::size(kLevelArrows))) {
      wrong.push_back(absl::StrCat(arrow.from, " -> ", arrow.to, " is part of a circle"));
    }
  }
  return wrong;
}

}  // namespace trusthub::tidy
