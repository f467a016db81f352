// File: scenarios_fixture.h
//
// One hub for the scenarios, the people in it, and what they are told.
#ifndef TRUSTHUB_TESTS_INTEGRATION_SCENARIOS_FIXTURE_H_
#define TRUSTHUB_TESTS_INTEGRATION_SCENARIOS_FIXTURE_H_

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "common/testing/matchers.h"
#include "common/time/civil_date.h"
#include "google/protobuf/message.h"
#include "gtest/gtest.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/answers.h"
#include "tests/integration/family.h"
#include "tests/integration/local_hub.h"
#include "tests/integration/told_of.h"
#include "trusthub/types/v1/disclosure.pb.h"

namespace trusthub::testing {

inline constexpr absl::Duration kSoon = absl::Seconds(20);

class Scenarios : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    auto started = LocalHub::Start();
    ASSERT_THAT(started, IsOk());
    hub_ = started->release();
    cast_ = new Cast(&hub_->hub());
  }
  static void TearDownTestSuite() {
    delete cast_;
    delete hub_;
    cast_ = nullptr;
    hub_ = nullptr;
  }
  void SetUp() override { ASSERT_NE(hub_, nullptr); }

  static absl::CivilDay Today() { return LondonDay(hub_->clock().Now()); }
  // A child that no other test has.
  static std::unique_ptr<Family> NewFamily() {
    static int number = 0;
    return std::make_unique<Family>(&hub_->hub(), cast_, ++number, Today());
  }
  static Answer Put(absl::string_view worker, const google::protobuf::Message& request,
                    absl::string_view purpose) {
    return Ask(cast_->At(worker), request, purpose, "SCENARIO-1");
  }
  // What the answer holds, or why it was refused.
  static std::string Kinds(absl::string_view worker, const google::protobuf::Message& request,
                           absl::string_view purpose) {
    return KindsIn(Put(worker, request, purpose));
  }
  // The same for a record, by its name.
  template <class Request>
  static std::string KindsOf(absl::string_view worker, const std::string& name,
                             absl::string_view purpose) {
    Request request;
    request.set_name(name);
    return Kinds(worker, request, purpose);
  }
  // What an answer says of a kind of information that it leaves out; empty when it says nothing.
  static types::v1::Withheld WithheldIn(const types::v1::Disclosure& disclosure,
                                        options::v1::Category category) {
    for (const types::v1::Withheld& row : disclosure.withheld()) {
      if (row.category() == category) return row;
    }
    return types::v1::Withheld();
  }
  template <class Response>
  static absl::StatusOr<Response> Do(absl::string_view worker,
                                     const google::protobuf::Message& request,
                                     absl::string_view purpose) {
    return OnceKnown<Response>(
        [&] { return cast_->At(worker).Call<Response>(request, purpose, "SCENARIO-1"); });
  }

  inline static LocalHub* hub_ = nullptr;
  inline static Cast* cast_ = nullptr;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_SCENARIOS_FIXTURE_H_
