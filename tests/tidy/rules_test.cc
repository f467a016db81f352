// Each rule finds what it is for, and lets the honest neighbour pass.
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "tests/tidy/include_rules.h"
#include "tests/tidy/named_tests.h"
#include "tests/tidy/source_tree.h"
#include "tests/tidy/text_rules.h"

namespace trusthub::tidy {
namespace {

struct Case {
  std::string path;
  std::string text;
  bool found;
};

class IncludeRules : public ::testing::TestWithParam<Case> {};

TEST_P(IncludeRules, FindsWhatRunsTheWrongWay) {
  const Case& c = GetParam();
  const SourceFile file{c.path, absl::StrCat("#include \"", c.text, "\"\n")};
  EXPECT_EQ(!CheckIncludes(file).empty(), c.found) << c.path << " includes " << c.text;
}

INSTANTIATE_TEST_SUITE_P(
    Rooms, IncludeRules,
    ::testing::Values(Case{"common/base/a.h", "common/time/clock.h", true},
                      Case{"common/time/a.h", "common/base/ids.h", false},
                      Case{"common/time/a.h", "common/error/error.h", true},
                      Case{"common/error/a.cc", "common/log/log.h", false},
                      Case{"common/proto/a.cc", "common/error/error.h", false},
                      Case{"common/error/a.cc", "common/proto/print.h", true},
                      Case{"common/crypto/a.cc", "common/store/store.h", true},
                      Case{"common/store/a.cc", "common/crypto/crypto.h", false},
                      Case{"common/store/a.cc", "common/events/facts.h", true},
                      Case{"common/policy/a.h", "common/auth/principal.h", false},
                      Case{"common/auth/a.h", "common/policy/policy.h", true},
                      Case{"common/audit/a.h", "common/events/facts.h", true},
                      Case{"common/events/a.cc", "common/rpc/call.h", true},
                      Case{"common/rpc/a.cc", "common/events/facts.h", false},
                      Case{"common/rpc/a.cc", "services/plans/plans.h", true},
                      Case{"common/rpc/a.cc", "tests/bench/a.h", true},
                      Case{"common/parlour/a.cc", "common/base/ids.h", true},
                      Case{"common/rpc/a.cc", "common/testing/matchers.h", true},
                      Case{"common/rpc/a_test.cc", "common/testing/matchers.h", false},
                      Case{"common/rpc/a_fixture.h", "common/testing/matchers.h", false},
                      Case{"common/rpc/a_test.cc", "common/rpc/a_fixture.h", false},
                      Case{"common/rpc/a.cc", "common/rpc/a_fixture.h", true},
                      Case{"common/auth/test_trust.h", "deploy/hubctl/pki/tokens.h", false},
                      Case{"common/auth/a_test.cc", "deploy/hubctl/pki/tokens.h", false},
                      Case{"common/auth/a.cc", "deploy/hubctl/pki/tokens.h", true},
                      Case{"common/auth/a.cc", "common/auth/test_trust.h", true},
                      Case{"common/base/a_test.cc", "common/rpc/call.h", true},
                      Case{"services/plans/a.cc", "services/plans/b.h", false},
                      Case{"services/plans/a.cc", "services/health/b.h", true},
                      Case{"services/plans/a.cc", "common/rpc/call.h", false},
                      Case{"services/plans/a.cc", "common/testing/matchers.h", true},
                      Case{"services/plans/a_test.cc", "common/testing/matchers.h", false},
                      Case{"services/plans/a.cc", "../health/b.h", true},
                      Case{"tests/e2e/a.cc", "services/plans/b.h", false},
                      Case{"tests/conformance/a.cc", "common/rpc/call.h", true},
                      Case{"tests/conformance/a.cc", "trusthub/plans/v1/plan.pb.h", false},
                      Case{"deploy/hubctl/a.cc", "common/rpc/call.h", false},
                      Case{"deploy/hubctl/a.cc", "tests/e2e/b.h", true}));

INSTANTIATE_TEST_SUITE_P(
    Libraries, IncludeRules,
    ::testing::Values(Case{"common/store/sqlite/a.cc", "sqlite3.h", false},
                      Case{"common/store/a.cc", "sqlite3.h", true},
                      Case{"services/plans/a.cc", "sqlite3.h", true},
                      Case{"common/store/postgres/a.cc", "libpq-fe.h", false},
                      Case{"common/rpc/a.cc", "libpq-fe.h", true},
                      Case{"common/crypto/a.cc", "openssl/evp.h", false},
                      Case{"common/auth/a.cc", "openssl/x509.h", false},
                      Case{"deploy/hubctl/pki.cc", "openssl/x509.h", false},
                      Case{"deploy/hubctl/pki_files.cc", "openssl/x509.h", false},
                      Case{"deploy/hubctl/pki/ca.cc", "openssl/x509.h", false},
                      Case{"deploy/hubctl/load.cc", "openssl/x509.h", true},
                      Case{"common/rpc/a.cc", "openssl/ssl.h", true},
                      Case{"common/rpc/a.cc", "grpcpp/server.h", false},
                      Case{"common/events/a.cc", "grpcpp/server.h", true},
                      Case{"services/plans/service.cc", "grpcpp/server.h", true},
                      Case{"services/plans/service.cc", "grpc/grpc.h", true},
                      Case{"services/plans/a.cc", "trusthub/plans/v1/p.grpc.pb.h", true},
                      Case{"tests/bench/a.cc", "grpcpp/server.h", false},
                      Case{"tests/contract/a.cc", "grpcpp/server.h", true}));

class BannedCode : public ::testing::TestWithParam<Case> {};

TEST_P(BannedCode, IsFoundOutsideItsRoom) {
  const Case& c = GetParam();
  EXPECT_EQ(!CheckBannedCode({c.path, c.text}).empty(), c.found) << c.path << ": " << c.text;
}

INSTANTIATE_TEST_SUITE_P(
    Bans, BannedCode,
    ::testing::Values(Case{"services/plans/a.cc", "auto t = absl::Now();", true},
                      Case{"common/time/a.cc", "auto t = absl::Now();", false},
                      Case{"common/log/a.cc", "auto t = std::chrono::system_clock::now();", false},
                      Case{"common/rpc/a.cc", "auto t = std::chrono::system_clock::now();", true},
                      Case{"common/rpc/a.cc", "auto t = std::chrono::steady_clock::now();", false},
                      Case{"tests/e2e/a.cc", "std::this_thread::sleep_for(x);", true},
                      Case{"tests/e2e/a.cc", "absl::SleepFor(x);", true},
                      Case{"tests/e2e/a.cc", "usleep(3);", true},
                      Case{"common/rpc/a.cc", "Log(request.DebugString());", true},
                      Case{"common/rpc/a.cc", "Log(request.ShortDebugString());", true},
                      Case{"common/rpc/a.cc", "std::string_view name;", true},
                      Case{"common/rpc/a.cc", "absl::string_view name;", false},
                      Case{"common/rpc/a.cc", "absl::Mutex mutex;", true},
                      Case{"common/rpc/a.cc", "Mutex mutex; MutexLock lock(mutex);", false},
                      Case{"common/rpc/a.cc", "std::mutex mutex;", true},
                      Case{"common/base/mutex.h", "std::mutex mutex;", false},
                      Case{"common/rpc/a.cc", "throw 1;", true},
                      Case{"common/rpc/a.cc", "int throwaway = 1;", false},
                      Case{"common/rpc/a.cc", "return grpc::Status(grpc::INTERNAL, x);", true},
                      Case{"common/rpc/a.cc", "grpc::Status status(grpc::INTERNAL, x);", true},
                      Case{"common/rpc/a.cc", "const grpc::Status status{grpc::INTERNAL, x};",
                           true},
                      Case{"common/rpc/a.cc", "grpc::Status ToGrpc(const absl::Status& s);", false},
                      Case{"common/rpc/a.cc", "const grpc::Status status = ToGrpc(s);", false},
                      Case{"common/rpc/to_grpc.cc", "return grpc::Status(code, x);", false},
                      // Not code.
                      Case{"common/rpc/a.cc", "// never absl::Now()", false},
                      Case{"common/rpc/a.cc", "/* a\n absl::Now() */ int x;", false},
                      Case{"common/rpc/a.cc", "Log(\"absl::Now\");", false},
                      Case{"common/rpc/a.cc", "Log(R\"x(absl::Now())x\");", false},
                      Case{"common/rpc/a.cc", "int n = 1'000; absl::Now(); int m = 2'000;", true},
                      Case{"common/rpc/a.cc", "Log(\"// \\\" \"); absl::Now();", true},
                      Case{"common/rpc/notes.md", "absl::Now()", false}));

TEST(TextRules, NameTheLineAndTheReplacement) {
  const auto findings =
      CheckBannedCode({"common/rpc/a.cc", "/* one\n two */\nauto t = absl::Now();\n"});
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(Describe(findings[0]),
            "common/rpc/a.cc:3: absl::Now: use Clock (common/time/clock.h); a handler uses "
            "Call::now");
}

TEST(TextRules, FindUnfinishedWorkInAnyText) {
  const std::string mark = absl::StrCat("TO", "DO");
  EXPECT_EQ(CheckUnfinished({"deploy/demo", absl::StrCat("# ", mark, ": x")}).size(), 1u);
  EXPECT_EQ(CheckUnfinished({"deploy/demo", "# what to do next"}).size(), 0u);
  EXPECT_EQ(CheckUnfinished({"deploy/demo", absl::StrCat(mark, "S")}).size(), 0u);
}

TEST(TextRules, FindEmptyNames) {
  for (const char* path : {"common/util/a.h", "common/base/helpers.h", "services/plans/misc.cc",
                           "common/rpc/string_util.h", "tests/e2e/test-helpers.py"}) {
    EXPECT_EQ(CheckNames({path, ""}).size(), 1u) << path;
  }
  for (const char* path : {"common/base/ids.h", "services/plans/utilisation.cc"}) {
    EXPECT_EQ(CheckNames({path, ""}).size(), 0u) << path;
  }
}

TEST(TextRules, FindLongFiles) {
  EXPECT_EQ(CheckLength({"a.cc", std::string(700, '\n')}).size(), 0u);
  EXPECT_EQ(CheckLength({"a.cc", std::string(701, '\n')}).size(), 1u);
  EXPECT_EQ(CheckLength({"a.yaml", std::string(701, '\n')}).size(), 0u);
}

TEST(TextRules, FindWrongGuards) {
  const std::string good =
      "#ifndef TRUSTHUB_COMMON_RPC_CALL_H_\n#define TRUSTHUB_COMMON_RPC_CALL_H_\n#endif\n";
  EXPECT_EQ(CheckGuard({"common/rpc/call.h", good}).size(), 0u);
  EXPECT_EQ(CheckGuard({"common/rpc/calls.h", good}).size(), 1u);
  EXPECT_EQ(CheckGuard({"common/rpc/call.h", "#pragma once\n"}).size(), 1u);
  EXPECT_EQ(CheckGuard({"common/rpc/call.h", "int x;\n"}).size(), 1u);
  EXPECT_EQ(CheckGuard({"common/rpc/call.cc", "int x;\n"}).size(), 0u);
}

TEST(TextRules, FindMacros) {
  EXPECT_EQ(CheckMacros({"a.h", "#define TRUSTHUB_A_H_\n"}).size(), 0u);
  EXPECT_EQ(CheckMacros({"a.h", "#define MAX(a, b) a\n"}).size(), 1u);
  EXPECT_EQ(CheckMacros({"a.cc", "#define LIMIT 3\n"}).size(), 1u);
}

TEST(NamedTestsRule, FindsTestsThatAreNot) {
  const std::vector<SourceFile> tree = {
      {"common/a/a_test.cc",
       "TEST(ATest, Works) {\n}\nTEST_F(Other, Goes) {\nTEST_P(Other, Too) {\n"}};
  const std::set<std::string> tests = TestsOf(tree);
  EXPECT_EQ(tests, (std::set<std::string>{"ATest.Works", "Other.Goes", "Other.Too"}));
  EXPECT_EQ(
      CheckNamedTests({"X.md", "`ATest.Works` and `Other.Too`, `README.md`, ATest.None"}, tests)
          .size(),
      0u);
  const auto findings =
      CheckNamedTests({"X.md", "fine\n`ATest.None`, `Other.Never`, `NewTest.X`"}, tests);
  ASSERT_EQ(findings.size(), 3u);
  EXPECT_EQ(findings[0].line, 2);
}

}  // namespace
}  // namespace trusthub::tidy
