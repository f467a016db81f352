// File: handler_fixture.h
//
// A store on disk, or on PostgreSQL (service_databases.h), facts of the directory and calls on
// them: for tests of a service's domain without gRPC and without the pipeline. A handler that
// returns OK is committed; one that fails leaves no trace. What the pipeline checks (roles, fields,
// relations, grants) is not checked here.
#ifndef TRUSTHUB_COMMON_TESTING_HANDLER_FIXTURE_H_
#define TRUSTHUB_COMMON_TESTING_HANDLER_FIXTURE_H_

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/auth/principal.h"
#include "common/base/status_macros.h"
#include "common/events/facts.h"
#include "common/proto/page_token.h"
#include "common/rpc/call.h"
#include "common/store/open.h"
#include "common/store/transaction.h"
#include "common/testing/service_databases.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"
#include "trusthub/events/v1/event.pb.h"

namespace trusthub::testing {

// An instant in London, summer time included.
inline absl::Time LondonTime(int year, int month, int day, int hour, int minute = 0) {
  return absl::FromCivil(absl::CivilSecond(year, month, day, hour, minute), London());
}

// A worker of an agency, by their ids: Caller("redbridge-council", "asha").
inline auth::Principal Caller(absl::string_view agency, absl::string_view worker,
                              options::v1::Role role = options::v1::ROLE_SOCIAL_WORKER) {
  auth::Principal caller;
  caller.agency = absl::StrCat("agencies/", agency);
  caller.worker = absl::StrCat("workers/", worker);
  caller.role = role;
  return caller;
}

class HandlerFixture {
 public:
  explicit HandlerFixture(absl::Time now) : now_(now) {
    std::string pattern = (std::filesystem::temp_directory_path() / "trusthub-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) std::abort();
    folder_ = pattern;
    store::OpenOptions options;
    options.url = databases_.StoreOf("test");
    options.folder = folder_;
    options.service = "test";
    options.tree = "auditTrees/test";
    absl::StatusOr<std::unique_ptr<store::Store>> opened = store::OpenStore(options);
    EXPECT_TRUE(opened.ok()) << opened.status();
    if (!opened.ok()) std::abort();
    store_ = *std::move(opened);
  }
  ~HandlerFixture() {
    store_.reset();
    std::filesystem::remove_all(folder_);
  }
  HandlerFixture(const HandlerFixture&) = delete;
  HandlerFixture& operator=(const HandlerFixture&) = delete;

  // The domain instant of the calls that follow.
  void SetNow(absl::Time now) { now_ = now; }
  absl::Time now() const { return now_; }
  // The declared purpose of the calls that follow.
  void SetPurpose(options::v1::Purpose purpose) { purpose_ = purpose; }
  store::Store& store() { return *store_; }

  // What the directory's events would have told, by ids. `kind` as in AgencyFact, e.g. "COUNCIL".
  void KnowAgency(absl::string_view agency, absl::string_view kind) {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_AGENCY_CHANGED);
    event.set_record(absl::StrCat("agencies/", agency));
    event.mutable_agency()->set_agency(event.record());
    event.mutable_agency()->set_kind(std::string(kind));
    Know(event);
  }
  void KnowWorker(absl::string_view worker, absl::string_view agency, options::v1::Role role,
                  const types::v1::Date* qualified = nullptr) {
    events::v1::Event event;
    event.set_kind(events::v1::EVENT_KIND_WORKER_CHANGED);
    event.set_record(absl::StrCat("workers/", worker));
    event.mutable_worker()->set_worker(event.record());
    event.mutable_worker()->set_agency(absl::StrCat("agencies/", agency));
    event.mutable_worker()->set_role(role);
    if (qualified != nullptr) *event.mutable_worker()->mutable_qualified_date() = *qualified;
    Know(event);
  }
  // Applies the facts of another service's event.
  void Know(const events::v1::Event& event) {
    store::Transaction tx = Begin();
    ASSERT_TRUE(events::ApplyFacts(tx, event).ok());
    ASSERT_TRUE(store::CommitAndWait(*store_, tx.TakeWrites()).ok());
  }

  // Runs the handler and commits what it wrote when it returned OK.
  template <class Domain, class Request, class Response>
  absl::StatusOr<Response> Run(const auth::Principal& caller, Domain& domain,
                               absl::StatusOr<Response> (Domain::*handler)(rpc::Call&,
                                                                           const Request&),
                               const Request& request) {
    store::Transaction tx = Begin();
    rpc::Call call{.caller = caller,
                   .purpose = purpose_,
                   .case_reference = "",
                   .trace_id = "",
                   .now = now_,
                   .deadline = absl::InfiniteFuture(),
                   .tx = tx,
                   .authorization = "",
                   .page_tokens = page_tokens_,
                   .child = ""};
    absl::StatusOr<Response> response = (domain.*handler)(call, request);
    if (!response.ok()) return response;
    TRUSTHUB_RETURN_IF_ERROR(store::CommitAndWait(*store_, tx.TakeWrites()).status());
    return response;
  }

  // Every event committed so far, oldest first.
  std::vector<events::v1::Event> Events() {
    std::vector<events::v1::Event> events;
    store::Transaction tx = Begin();
    const auto stored = tx.snapshot().ReadEvents(0, 1000);
    EXPECT_TRUE(stored.ok()) << stored.status();
    if (!stored.ok()) return events;
    for (const store::StoredEvent& row : *stored) {
      EXPECT_TRUE(events.emplace_back().ParseFromString(row.bytes));
    }
    return events;
  }

  // A transaction of the test's own, on what is committed.
  store::Transaction Begin() {
    absl::StatusOr<std::unique_ptr<store::Snapshot>> snapshot =
        store_->Open(absl::InfiniteFuture());
    EXPECT_TRUE(snapshot.ok()) << snapshot.status();
    if (!snapshot.ok()) std::abort();
    return store::Transaction(*std::move(snapshot), Hash(), now_);
  }
  // What stands for the keyed hash of identifiers: themselves.
  static store::IndexHash Hash() {
    return [](absl::string_view text) { return std::string(text); };
  }

 private:
  absl::Time now_;
  options::v1::Purpose purpose_ = options::v1::PURPOSE_UNSPECIFIED;
  std::string folder_;
  ServiceDatabases databases_;
  std::unique_ptr<store::Store> store_;
  proto::PageTokens page_tokens_{std::string(32, 'k')};
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_HANDLER_FIXTURE_H_
