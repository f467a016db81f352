// File: children_fixture.h
//
// The children service's domain on a store, for its tests.
#ifndef TRUSTHUB_SERVICES_CHILDREN_CHILDREN_FIXTURE_H_
#define TRUSTHUB_SERVICES_CHILDREN_CHILDREN_FIXTURE_H_

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/testing/handler_fixture.h"
#include "common/testing/paths.h"
#include "gtest/gtest.h"
#include "services/children/children.h"

namespace trusthub::children {

inline types::v1::Date DateOf(int year, int month, int day) {
  types::v1::Date date;
  date.set_year(year);
  date.set_month(month);
  date.set_day(day);
  return date;
}

// A girl of the story; tests change what they are about.
inline v1::ChildDetails Ayesha() {
  v1::ChildDetails details;
  details.mutable_person_name()->set_given("Ayesha");
  details.mutable_person_name()->set_family("Khan");
  *details.mutable_birth_date() = DateOf(2001, 5, 14);
  details.set_sex(v1::SEX_FEMALE);
  details.mutable_address()->add_lines("12 Loxford Lane");
  details.mutable_address()->set_postcode("IG1 2AB");
  return details;
}
// The same girl as the police wrote her down.
inline v1::ChildDetails AyeshaOfThePolice() {
  v1::ChildDetails details = Ayesha();
  details.mutable_person_name()->set_given("Aisha");
  details.mutable_person_name()->set_family("Kahn");
  return details;
}

class ChildrenTest : public ::testing::Test {
 protected:
  // A handler's answer and what it established.
  template <class Response>
  struct Outcome {
    absl::StatusOr<Response> response;
    std::uint32_t relations = 0;
    std::string child;
  };

  // Runs a handler in `tx` without committing.
  template <class Request, class Response>
  Outcome<Response> RunIn(store::Transaction& tx, const auth::Principal& caller,
                          absl::StatusOr<Response> (Children::*handler)(rpc::Call&, const Request&),
                          const Request& request) {
    rpc::Call call{.caller = caller,
                   .purpose = options::v1::PURPOSE_UNSPECIFIED,
                   .case_reference = "",
                   .trace_id = "",
                   .now = fixture_.now(),
                   .deadline = absl::InfiniteFuture(),
                   .tx = tx,
                   .authorization = "",
                   .page_tokens = page_tokens_,
                   .child = ""};
    absl::StatusOr<Response> response = (children_.*handler)(call, request);
    return {std::move(response), call.relations, call.child};
  }

  // Registers and commits, again when another registration overtook it; the child's name.
  absl::StatusOr<std::string> Register(absl::string_view agency, const v1::ChildDetails& details) {
    v1::RegisterChildRequest request;
    *request.mutable_details() = details;
    const auth::Principal caller = testing::Caller(agency, "one");
    while (true) {
      store::Transaction tx = fixture_.Begin();
      auto outcome = RunIn(tx, caller, &Children::RegisterChild, request);
      if (!outcome.response.ok()) return outcome.response.status();
      const absl::Status committed =
          store::CommitAndWait(fixture_.store(), tx.TakeWrites()).status();
      if (committed.ok()) return outcome.response->child();
      if (!store::IsConflict(committed)) return committed;
    }
  }
  std::string Registered(absl::string_view agency, const v1::ChildDetails& details) {
    absl::StatusOr<std::string> child = Register(agency, details);
    EXPECT_TRUE(child.ok()) << child.status();
    return child.value_or("");
  }

  Outcome<v1::CheckChildResponse> Check(absl::string_view agency, absl::string_view nhs_number) {
    v1::CheckChildRequest request;
    request.set_nhs_number(std::string(nhs_number));
    request.set_attendance_id("A-1");
    const auth::Principal nurse =
        testing::Caller(agency, "nurse", options::v1::ROLE_EMERGENCY_NURSE);
    store::Transaction tx = fixture_.Begin();
    auto outcome = RunIn(tx, nurse, &Children::CheckChild, request);
    EXPECT_TRUE(store::CommitAndWait(fixture_.store(), tx.TakeWrites()).ok());
    return outcome;
  }

  // The child as it stands.
  v1::Child Get(absl::string_view name) {
    store::Transaction tx = fixture_.Begin();
    absl::StatusOr<v1::Child> child = tx.Get<v1::Child>(name);
    EXPECT_TRUE(child.ok()) << child.status();
    return child.value_or(v1::Child());
  }

  // Takes up an event of another service, as the projections do.
  void Apply(const events::v1::Event& event) {
    store::Transaction tx = fixture_.Begin();
    ASSERT_TRUE(events::ApplyFacts(tx, event).ok());
    ASSERT_TRUE(children_.ApplyEvent(tx, event).ok());
    ASSERT_TRUE(store::CommitAndWait(fixture_.store(), tx.TakeWrites()).ok());
  }

  std::vector<events::v1::Event> EventsOf(events::v1::EventKind kind) {
    std::vector<events::v1::Event> events;
    for (events::v1::Event& event : fixture_.Events()) {
      if (event.kind() == kind) events.push_back(std::move(event));
    }
    return events;
  }

  testing::HandlerFixture fixture_{testing::LondonTime(2010, 3, 16, 9)};
  proto::PageTokens page_tokens_{std::string(32, 'k')};
  Children children_{
      *LoadMatchingRules(testing::SourcePath("deploy/config/redbridge/matching.yaml"))};
};

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_CHILDREN_FIXTURE_H_
