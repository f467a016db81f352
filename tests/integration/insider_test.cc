// What the hub does about its own users: emergency access is seen at once and ends with its review,
// and a worker whose calls are unusual is looked at by another.
#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "common/time/civil_date.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "tests/e2e/case_path.h"
#include "tests/e2e/eventually.h"
#include "tests/integration/changed_copy.h"
#include "tests/integration/local_hub.h"
#include "tests/integration/told_of.h"
#include "trusthub/audit/v1/audit_service.pb.h"
#include "trusthub/children/v1/access_reviews_service.pb.h"
#include "trusthub/children/v1/allocations_service.pb.h"
#include "trusthub/children/v1/break_glass_service.pb.h"
#include "trusthub/directory/v1/directory_service.pb.h"

namespace trusthub::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

namespace children = children::v1;

constexpr absl::Duration kSoon = absl::Seconds(30);
constexpr char kReference[] = "INS-1";

// The borough's data files, but the logs are read every second, and six children on one day are
// many.
absl::Status WriteEagerSettings(const std::string& folder) {
  return CopyChanged("deploy/config/redbridge", folder,
                     {{"misuse.yaml", "read_every_seconds: 60", "read_every_seconds: 1"},
                      {"misuse.yaml", "breadth: {children: 40, times_median: 4}",
                       "breadth: {children: 6, times_median: 4}"}});
}

class InsiderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string settings = folder_.File("redbridge");
    ASSERT_THAT(WriteEagerSettings(settings), IsOk());
    LocalHubOptions options;
    options.adjust = [settings](absl::string_view service, config::Config* config) {
      if (service == "children") config->settings_folder = settings;
    };
    auto started = LocalHub::Start(options);
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    path_.emplace(&hub_->hub(), 1, LondonDay(hub_->clock().Now()));
  }
  template <class Response>
  absl::StatusOr<Response> Ask(absl::string_view worker, const google::protobuf::Message& request,
                               absl::string_view purpose) {
    return OnceKnown<Response>(
        [&] { return path_->At(worker).Call<Response>(request, purpose, kReference); });
  }
  absl::StatusOr<children::Child> GetChild(absl::string_view worker, absl::string_view purpose) {
    children::GetChildRequest request;
    request.set_name(path_->child);
    const auto answer =
        path_->At(worker).Call<children::GetChildResponse>(request, purpose, kReference);
    if (!answer.ok()) return answer.status();
    return answer->child();
  }
  absl::StatusOr<children::OpenBreakGlassResponse> OpenBreakGlass(absl::string_view worker,
                                                                  absl::string_view purpose) {
    return OpenBreakGlassOf(path_->child, worker, purpose);
  }
  absl::StatusOr<children::OpenBreakGlassResponse> OpenBreakGlassOf(
      const std::string& child, absl::string_view worker, absl::string_view purpose,
      options::v1::Category category = options::v1::CATEGORY_IDENTITY) {
    children::OpenBreakGlassRequest request;
    request.set_request_id(RandomUuid());
    request.mutable_break_glass()->set_child(child);
    request.mutable_break_glass()->set_reason(
        "Brought in unconscious, nobody knows any medication");
    request.mutable_break_glass()->add_categories(category);
    return path_->At(worker).Call<children::OpenBreakGlassResponse>(request, purpose, kReference);
  }
  // The first event that `worker`, a guardian, is shown of an emergency access.
  events::v1::Event FirstAlert(absl::string_view worker) {
    events::v1::WatchRequest watch;
    watch.add_kinds(events::v1::EVENT_KIND_BREAK_GLASS_OPENED);
    auto stream = path_->At(worker).Watch("children", watch, "governance", kReference);
    EXPECT_THAT(stream, IsOk());
    events::v1::WatchResponse response;
    while (stream.ok() && response.events().empty()) {
      const absl::Status status = (*stream)->Read(&response);
      EXPECT_THAT(status, IsOk());
      if (!status.ok()) return {};
    }
    (*stream)->Cancel();
    return response.events(0);
  }
  std::vector<children::AccessReview> WaitingFor(absl::string_view lead) {
    children::ListAccessReviewsRequest request;
    request.set_open_only(true);
    const auto page = path_->At(lead).Call<children::ListAccessReviewsResponse>(
        request, "governance", kReference);
    EXPECT_THAT(page, IsOk());
    if (!page.ok()) return {};
    return {page->access_reviews().begin(), page->access_reviews().end()};
  }
  // The review that comes to wait for the council's lead, once it counts at least `count`.
  std::optional<children::AccessReview> AwaitReview(children::MisusePattern pattern, int count) {
    std::optional<children::AccessReview> found;
    Within(kSoon, [&] {
      for (const children::AccessReview& review : WaitingFor("lbr-ig-01")) {
        if (review.pattern() == pattern && review.count() >= count) found = review;
      }
      return found.has_value();
    });
    return found;
  }
  // Asks for a referral that does not exist; whether that was the answer. It is not while facts are
  // too old to say so.
  bool Pry(absl::string_view worker) {
    referrals::v1::GetReferralRequest request;
    request.set_name(NewName("referrals"));
    const auto answer = path_->At(worker).Call<referrals::v1::GetReferralResponse>(
        request, "screening", kReference);
    return error::ReasonOf(answer.status()) == errors::v1::ERROR_REASON_RECORD_NOT_FOUND;
  }

  TempFolder folder_;
  std::unique_ptr<LocalHub> hub_;
  std::optional<CasePath> path_;
};

TEST_F(InsiderTest, EmergencyAccessIsSeenAtOnceAndEndsWithItsReview) {
  ASSERT_THAT(path_->Register(), IsOk());
  ASSERT_THAT(path_->Refer(), IsOk());
  const auto nothing =
      StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
  EXPECT_THAT(GetChild("bhrut-nurse-01", "unscheduled_care"), nothing);
  // So that the council is told as the one responsible for the child.
  ASSERT_TRUE(Within(kSoon, [&] { return GetChild("lbr-screening-01", "screening").ok(); }));

  const auto opened = OpenBreakGlass("bhrut-nurse-01", "unscheduled_care");
  ASSERT_THAT(opened, IsOk());
  EXPECT_THAT(opened->break_glass().told_agencies(),
              ElementsAre("agencies/bhrut", "agencies/redbridge-council"));
  for (const char* guardian : {"bhrut-caldicott-01", "lbr-caldicott-01"}) {
    const events::v1::Event alert = FirstAlert(guardian);
    EXPECT_EQ(alert.record(), opened->break_glass().name()) << guardian;
    EXPECT_EQ(alert.break_glass().worker(), "workers/bhrut-nurse-01") << guardian;
  }

  const auto child = GetChild("bhrut-nurse-01", "unscheduled_care");
  ASSERT_THAT(child, IsOk());
  EXPECT_EQ(child->person_name().family(), "Example");
  EXPECT_THAT(child->address().lines(), IsEmpty()) << "was not asked for";
  EXPECT_THAT(GetChild("bhrut-nurse-01", "safeguarding_referral"), nothing) << "another purpose";
  EXPECT_THAT(GetChild("whipps-nurse-01", "unscheduled_care"), nothing) << "another nurse";

  children::ListBreakGlassesRequest due;
  due.set_open_only(true);
  const auto listed =
      Ask<children::ListBreakGlassesResponse>("lbr-caldicott-01", due, "governance");
  ASSERT_THAT(listed, IsOk());
  ASSERT_THAT(listed->break_glasses(), SizeIs(1));
  EXPECT_TRUE(absl::StrContains(listed->break_glasses(0).reason(), "unconscious"));
  EXPECT_EQ(*DateFromProto(listed->break_glasses(0).review_due_date()),
            LondonDay(hub_->clock().Now()) + 1)
      << "a Tuesday";

  children::ReviewBreakGlassRequest review;
  review.set_request_id(RandomUuid());
  review.set_name(opened->break_glass().name());
  review.set_etag(opened->break_glass().etag());
  review.set_outcome(children::BREAK_GLASS_STATE_JUSTIFIED);
  review.set_note("I was there myself, it was justified.");
  // Not by who opened it: neither as a nurse nor as the guardian that the nurse may also be.
  EXPECT_THAT(
      path_->At("bhrut-nurse-01")
          .Call<children::ReviewBreakGlassResponse>(review, "unscheduled_care", kReference),
      StatusIs(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED));
  hubctl::ListedWorker nurse{"bhrut-nurse-01", path_->At("bhrut-nurse-01").worker()};
  nurse.worker.set_role(options::v1::ROLE_CALDICOTT_GUARDIAN);
  EXPECT_THAT(hubctl::Desk(&hub_->hub(), nurse)
                  .Call<children::ReviewBreakGlassResponse>(review, "governance", kReference),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       errors::v1::ERROR_REASON_SECOND_PERSON_MISSING));
  const auto still = Ask<children::ListBreakGlassesResponse>("lbr-caldicott-01", due, "governance");
  ASSERT_THAT(still, IsOk());
  EXPECT_THAT(still->break_glasses(), SizeIs(1)) << "it waits on";

  review.set_request_id(RandomUuid());
  review.set_outcome(children::BREAK_GLASS_STATE_NOT_JUSTIFIED);
  review.set_note("The child was not in the department.");
  ASSERT_THAT(Ask<children::ReviewBreakGlassResponse>("bhrut-caldicott-01", review, "governance"),
              IsOk());
  EXPECT_THAT(GetChild("bhrut-nurse-01", "unscheduled_care"), nothing);
}

// Health visiting knows the child and owns what a nurse at the hospital opens: its guardian is told
// at once and reviews it, though nothing else ties the agency to the nurse. Of what it does not own
// it is told nothing, and an agency that does not know the child is told nothing at all.
TEST_F(InsiderTest, WhoOwnsWhatIsOpenedIsTold) {
  ASSERT_THAT(path_->Register(), IsOk());
  const auto held = Ask<children::RegisterChildResponse>(
      "nhsr-visitor-01", RegistrationOf(1, RandomUuid()), "health_care");
  ASSERT_THAT(held, IsOk());
  ASSERT_EQ(held->child(), path_->child);

  const auto of_the_hub = OpenBreakGlass("bhrut-nurse-01", "unscheduled_care");
  ASSERT_THAT(of_the_hub, IsOk());
  EXPECT_THAT(of_the_hub->break_glass().told_agencies(), ElementsAre("agencies/bhrut"));
  const auto opened = OpenBreakGlassOf(path_->child, "bhrut-nurse-01", "unscheduled_care",
                                       options::v1::CATEGORY_HEALTH_SUMMARY);
  ASSERT_THAT(opened, IsOk());
  const children::BreakGlass& record = opened->break_glass();
  EXPECT_THAT(record.told_agencies(), ElementsAre("agencies/bhrut", "agencies/nhs-redbridge"));
  EXPECT_EQ(FirstAlert("nhsr-caldicott-01").record(), record.name());

  children::ListBreakGlassesRequest due;
  due.set_open_only(true);
  const auto listed =
      Ask<children::ListBreakGlassesResponse>("nhsr-caldicott-01", due, "governance");
  ASSERT_THAT(listed, IsOk());
  ASSERT_THAT(listed->break_glasses(), SizeIs(1));
  EXPECT_EQ(listed->break_glasses(0).name(), record.name());
  const auto elsewhere =
      Ask<children::ListBreakGlassesResponse>("lbr-caldicott-01", due, "governance");
  ASSERT_THAT(elsewhere, IsOk());
  EXPECT_THAT(elsewhere->break_glasses(), IsEmpty()) << "no council answers for the child";

  children::ReviewBreakGlassRequest review;
  review.set_request_id(RandomUuid());
  review.set_name(record.name());
  review.set_etag(record.etag());
  review.set_outcome(children::BREAK_GLASS_STATE_JUSTIFIED);
  review.set_note("The ward rang us first.");
  const auto done =
      Ask<children::ReviewBreakGlassResponse>("nhsr-caldicott-01", review, "governance");
  ASSERT_THAT(done, IsOk());
  EXPECT_EQ(done->break_glass().state(), children::BREAK_GLASS_STATE_JUSTIFIED);
}

TEST_F(InsiderTest, PryingIsNoticedAndReviewedByAnother) {
  ASSERT_THAT(path_->Register(), IsOk());
  ASSERT_TRUE(Within(kSoon, [&] { return Pry("lbr-sw-02"); })) << "until facts are fresh";
  int refused = 0;
  while (refused < 10) refused += Pry("lbr-sw-01") ? 1 : 0;
  const auto review = AwaitReview(children::MISUSE_PATTERN_REFUSALS, refused);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->worker(), "workers/lbr-sw-01");
  EXPECT_EQ(review->count(), 10);
  EXPECT_THAT(review->entries(), SizeIs(10));
  EXPECT_THAT(WaitingFor("met-ig-01"), IsEmpty()) << "another agency's worker";
  // To people the log names no child; the hub's own services ask with a purpose of their own.
  const auto log = path_->At("hub-auditor-01")
                       .Call<audit::v1::ListEntriesResponse>(
                           audit::v1::ListEntriesRequest(), "audit_review", kReference, "children");
  ASSERT_THAT(log, IsOk());
  EXPECT_GT(log->entries_size(), 0);
  for (const audit::v1::LoggedEntry& entry : log->entries()) {
    EXPECT_THAT(entry.children(), IsEmpty());
  }
  const auto as_service =
      path_->At("hub-auditor-01")
          .Call<audit::v1::ListEntriesResponse>(audit::v1::ListEntriesRequest(), "hub_operation",
                                                kReference, "children");
  EXPECT_THAT(as_service, StatusIs(absl::StatusCode::kPermissionDenied,
                                   errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED));

  // A restart loses nothing and counts nothing twice.
  hub_->StopService("children");
  for (int i = 0; i < 2; ++i) refused += Pry("lbr-sw-01") ? 1 : 0;
  ASSERT_THAT(hub_->StartService("children"), IsOk());
  ASSERT_TRUE(Within(kSoon, [&] { return Pry("lbr-sw-02"); }));
  refused += Pry("lbr-sw-01") ? 1 : 0;
  const auto grown = AwaitReview(children::MISUSE_PATTERN_REFUSALS, refused);
  ASSERT_TRUE(grown.has_value());
  EXPECT_EQ(grown->count(), refused);
  EXPECT_EQ(grown->name(), review->name());

  children::CloseAccessReviewRequest close;
  close.set_request_id(RandomUuid());
  close.set_name(grown->name());
  close.set_etag(grown->etag());
  close.set_outcome(children::ACCESS_REVIEW_STATE_EXPLAINED);
  close.set_note("Typed an old number by hand.");
  EXPECT_THAT(Ask<children::CloseAccessReviewResponse>("lbr-ig-01", close, "governance"), IsOk());
  EXPECT_THAT(WaitingFor("lbr-ig-01"), IsEmpty());
}

TEST_F(InsiderTest, AWorkerWhoMustNotSeeAChildFindsNothingAndIsNoticed) {
  ASSERT_THAT(path_->Register(), IsOk());
  ASSERT_THAT(path_->Refer(), IsOk());
  ASSERT_TRUE(Within(kSoon, [&] { return GetChild("lbr-screening-01", "screening").ok(); }));
  children::DeclareConflictRequest declare;
  declare.set_request_id(RandomUuid());
  declare.mutable_conflict()->set_child(path_->child);
  declare.mutable_conflict()->set_worker("workers/lbr-sw-01");
  declare.mutable_conflict()->set_kind(children::CONFLICT_KIND_OWN_FAMILY);
  ASSERT_THAT(
      Ask<children::DeclareConflictResponse>("lbr-manager-01", declare, "child_protection_enquiry"),
      IsOk());
  const auto nothing =
      StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
  EXPECT_THAT(GetChild("lbr-sw-01", "child_protection_enquiry"), nothing);
  EXPECT_THAT(OpenBreakGlass("lbr-sw-01", "child_protection_enquiry"), nothing);
  const auto review = AwaitReview(children::MISUSE_PATTERN_CONFLICT, 2);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->worker(), "workers/lbr-sw-01");
  EXPECT_EQ(review->count(), 2);
}

// Whatever stands between a worker and a child, the child is none.
TEST_F(InsiderTest, EveryKindOfConflictHidesTheChild) {
  ASSERT_THAT(path_->Register(), IsOk());
  ASSERT_THAT(path_->Refer(), IsOk());
  struct Row {
    const char* worker;
    const char* purpose;
    children::ConflictKind kind;
  };
  for (const Row& row : {Row{"lbr-screening-01", "screening", children::CONFLICT_KIND_SELF},
                         Row{"lbr-sw-01", "assessment", children::CONFLICT_KIND_OWN_FAMILY},
                         Row{"lbr-sw-02", "assessment", children::CONFLICT_KIND_DECLARED},
                         Row{"lbr-sw-03", "assessment", children::CONFLICT_KIND_BARRED}}) {
    ASSERT_TRUE(Within(kSoon, [&] { return GetChild(row.worker, row.purpose).ok(); }))
        << row.worker;
    children::DeclareConflictRequest declare;
    declare.set_request_id(RandomUuid());
    declare.mutable_conflict()->set_child(path_->child);
    declare.mutable_conflict()->set_worker(absl::StrCat("workers/", row.worker));
    declare.mutable_conflict()->set_kind(row.kind);
    ASSERT_THAT(Ask<children::DeclareConflictResponse>("lbr-manager-01", declare,
                                                       "child_protection_enquiry"),
                IsOk())
        << row.worker;
    EXPECT_THAT(GetChild(row.worker, row.purpose),
                StatusIs(absl::StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND))
        << row.worker;
  }
  EXPECT_THAT(GetChild("lbr-manager-01", "assessment"), IsOk()) << "nobody's conflict";
}

TEST_F(InsiderTest, ANeighboursChildIsNoticed) {
  // One who lives where the child does, and one who does not.
  std::vector<std::unique_ptr<hubctl::Desk>> desks;
  for (const auto& [id, postcode] : std::vector<std::pair<std::string, std::string>>{
           {"lbr-sw-near", "IG1 1DD"}, {"lbr-sw-far", "E17 4PP"}}) {
    directory::v1::CreateWorkerRequest create;
    create.set_request_id(RandomUuid());
    create.set_worker_id(id);
    directory::v1::Worker& worker = *create.mutable_worker();
    worker.set_agency("agencies/redbridge-council");
    worker.set_role(options::v1::ROLE_SOCIAL_WORKER);
    worker.set_display_name("Someone Else");
    worker.set_home_postcode(postcode);
    ASSERT_THAT(Ask<directory::v1::CreateWorkerResponse>("hub-admin-01", create,
                                                         "directory_administration"),
                IsOk());
    desks.push_back(std::make_unique<hubctl::Desk>(&hub_->hub(), hubctl::ListedWorker{id, worker}));
  }
  ASSERT_THAT(path_->Register(), IsOk());
  ASSERT_THAT(path_->Refer(), IsOk());
  ASSERT_TRUE(Within(kSoon, [&] { return GetChild("lbr-sw-01", "assessment").ok(); }));
  ASSERT_TRUE(hub_->WaitForNews(kSoon));
  children::GetChildRequest get;
  get.set_name(path_->child);
  for (const auto& desk : desks) {
    EXPECT_THAT(desk->Call<children::GetChildResponse>(get, "assessment", kReference), IsOk());
  }
  const auto review = AwaitReview(children::MISUSE_PATTERN_SAME_ADDRESS, 1);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->worker(), "workers/lbr-sw-near");
  EXPECT_EQ(review->count(), 1);
}

TEST_F(InsiderTest, EmergencyAccessAsAHabitIsNoticed) {
  std::vector<std::string> children;
  for (int i = 1; i <= 4; ++i) {
    const auto registered = Ask<children::RegisterChildResponse>(
        "uphall-lead-01", RegistrationOf(300 + i, RandomUuid()), "education_support");
    ASSERT_THAT(registered, IsOk());
    children.push_back(registered->child());
  }
  for (const std::string& child : children) {
    ASSERT_THAT(OpenBreakGlassOf(child, "lbr-sw-01", "child_protection_enquiry"), IsOk());
  }
  // One who did so three times is not looked at.
  children.pop_back();
  for (const std::string& child : children) {
    ASSERT_THAT(OpenBreakGlassOf(child, "lbr-sw-02", "child_protection_enquiry"), IsOk());
  }
  const auto review = AwaitReview(children::MISUSE_PATTERN_BREAK_GLASS_HABIT, 4);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->worker(), "workers/lbr-sw-01");
  EXPECT_THAT(WaitingFor("lbr-ig-01"), SizeIs(1));
}

TEST_F(InsiderTest, ManyMoreChildrenThanColleaguesAreNoticedTheNextDay) {
  constexpr int kMany = 7;
  const auto register_by = [&](const char* worker, int number) {
    return Ask<children::RegisterChildResponse>(worker, RegistrationOf(number, RandomUuid()),
                                                "screening");
  };
  for (int i = 1; i <= kMany; ++i) ASSERT_THAT(register_by("lbr-sw-01", 400 + i), IsOk());
  ASSERT_THAT(register_by("lbr-sw-02", 401), IsOk());
  hub_->clock().Advance(absl::Hours(24));
  const auto review = AwaitReview(children::MISUSE_PATTERN_BREADTH, kMany);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->worker(), "workers/lbr-sw-01");
  EXPECT_EQ(review->count(), kMany);
}

TEST_F(InsiderTest, ChildrenLookedUpForNothingAreNoticedDaysLater) {
  constexpr int kChildren = 10;
  for (int i = 1; i <= kChildren; ++i) {
    ASSERT_THAT(Ask<children::RegisterChildResponse>(
                    "lbr-sw-01", RegistrationOf(100 + i, RandomUuid()), "screening"),
                IsOk());
  }
  // One of another worker, which something comes of.
  ASSERT_THAT(path_->Register(), IsOk());
  ASSERT_THAT(path_->Refer(), IsOk());
  hub_->clock().Advance(absl::Hours(24 * 9));
  const auto review =
      AwaitReview(children::MISUSE_PATTERN_SEARCH_THEN_NOTHING, /*count=*/kChildren);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->worker(), "workers/lbr-sw-01");
  EXPECT_EQ(review->count(), kChildren);
}

// A stream is a way of reading: what it brings of children counts as their records would.
TEST_F(InsiderTest, ChildrenReadOfOnAStreamCountAsViewed) {
  constexpr int kReferred = 5;
  std::vector<std::unique_ptr<CasePath>> paths;
  for (int i = 1; i <= kReferred + 2; ++i) {
    paths.push_back(
        std::make_unique<CasePath>(&hub_->hub(), 200 + i, LondonDay(hub_->clock().Now())));
    ASSERT_THAT(paths.back()->Register(), IsOk());
    if (i <= kReferred) {
      ASSERT_THAT(paths.back()->Refer(), IsOk());
    }
  }
  // For assessments, of children who are allocated to nobody in the worker's team. Of those who
  // were not referred the worker is told nothing.
  for (const char* service : {"children", "referrals"}) {
    const auto told =
        ToldOf(path_->At("lbr-sw-01"), service, events::v1::WatchRequest(), "assessment");
    ASSERT_THAT(told, IsOk());
    for (int i = 0; i < 2; ++i) {
      const auto about = [&](const events::v1::Event& event) {
        return event.child() == paths[static_cast<std::size_t>(kReferred + i)]->child;
      };
      EXPECT_TRUE(std::none_of(told->begin(), told->end(), about));
    }
  }
  const auto review = AwaitReview(children::MISUSE_PATTERN_NO_ALLOCATION, kReferred);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->worker(), "workers/lbr-sw-01");
  EXPECT_EQ(review->count(), kReferred);
}

TEST_F(InsiderTest, WhoLeftIsRefusedAndNoticed) {
  directory::v1::GetWorkerRequest get;
  get.set_name("workers/lbr-sw-03");
  const auto worker =
      Ask<directory::v1::GetWorkerResponse>("hub-admin-01", get, "directory_administration");
  ASSERT_THAT(worker, IsOk());
  directory::v1::EndWorkerRequest end;
  end.set_request_id(RandomUuid());
  end.set_name(get.name());
  end.set_etag(worker->worker().etag());
  *end.mutable_leave_date() = DateToProto(LondonDay(hub_->clock().Now()) - 1);
  ASSERT_THAT(
      Ask<directory::v1::EndWorkerResponse>("hub-admin-01", end, "directory_administration"),
      IsOk());
  Pry("lbr-sw-03");
  const auto review = AwaitReview(children::MISUSE_PATTERN_LEAVER, 1);
  ASSERT_TRUE(review.has_value());
  EXPECT_EQ(review->worker(), "workers/lbr-sw-03");
}

}  // namespace
}  // namespace trusthub::testing
