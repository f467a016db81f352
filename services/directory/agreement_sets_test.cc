#include "services/directory/agreement_sets.h"

#include <string>
#include <vector>

#include "common/testing/handler_fixture.h"
#include "common/testing/matchers.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "services/directory/agreement_files.h"
#include "services/directory/agreement_texts.h"
#include "services/directory/directory.h"
#include "services/directory/service.h"

namespace trusthub::directory {
namespace {

using absl::StatusCode;
using policy::v1::AgreementSet;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using trusthub::testing::Caller;
using trusthub::testing::IsOk;
using trusthub::testing::LondonTime;
using trusthub::testing::StatusIs;

const auto kStateForbids =
    StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_STATE_FORBIDS);
const auto kSecondPersonMissing =
    StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_SECOND_PERSON_MISSING);
const auto kExists = StatusIs(StatusCode::kAlreadyExists, errors::v1::ERROR_REASON_RECORD_EXISTS);
const auto kBasisMissing =
    StatusIs(StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_BASIS_MISSING);

auth::Principal Guardian(const std::string& agency, const std::string& worker,
                         v1::AgencyKind kind) {
  auth::Principal guardian = Caller(agency, worker, options::v1::ROLE_CALDICOTT_GUARDIAN);
  guardian.agency_kind = kind;
  return guardian;
}

// In force by the folder: guardians read sets. Proposed: social workers read the directory.
class AgreementSetsTest : public ::testing::Test {
 protected:
  static policy::v1::ProposeAgreementSetRequest Proposal(
      const std::vector<policy::AgreementText>& texts) {
    policy::v1::ProposeAgreementSetRequest request;
    request.mutable_agreement_set()->set_note("Social workers look up the directory");
    *request.mutable_agreement_set()->mutable_files() = FilesOf(texts);
    return request;
  }
  absl::StatusOr<AgreementSet> Propose(const std::vector<policy::AgreementText>& texts) {
    auto response = hub_.Run(council_, sets_, &AgreementSets::ProposeAgreementSet, Proposal(texts));
    if (!response.ok()) return response.status();
    return response->agreement_set();
  }
  absl::StatusOr<AgreementSet> Sign(const auth::Principal& caller, const AgreementSet& set) {
    policy::v1::SignAgreementSetRequest request;
    request.set_name(set.name());
    request.set_etag(set.etag());
    auto response = hub_.Run(caller, sets_, &AgreementSets::SignAgreementSet, request);
    if (!response.ok()) return response.status();
    return response->agreement_set();
  }
  absl::StatusOr<AgreementSet> Activate(const AgreementSet& set) { return Activate(council_, set); }
  absl::StatusOr<AgreementSet> Activate(const auth::Principal& caller, const AgreementSet& set) {
    policy::v1::ActivateAgreementSetRequest request;
    request.set_name(set.name());
    request.set_etag(set.etag());
    auto response = hub_.Run(caller, sets_, &AgreementSets::ActivateAgreementSet, request);
    if (!response.ok()) return response.status();
    return response->agreement_set();
  }
  AgreementSet Signed(const std::vector<policy::AgreementText>& texts) {
    auto proposed = Propose(texts);
    EXPECT_THAT(proposed, IsOk());
    auto set = Sign(hospital_, *proposed);
    EXPECT_THAT(set, IsOk());
    return *std::move(set);
  }
  absl::StatusOr<AgreementSet> Get(const std::string& name) {
    policy::v1::GetAgreementSetRequest request;
    request.set_name(name);
    auto response = hub_.Run(hospital_, sets_, &AgreementSets::GetAgreementSet, request);
    if (!response.ok()) return response.status();
    return response->agreement_set();
  }
  std::vector<AgreementSet> List() {
    policy::v1::ListAgreementSetsRequest request;
    request.set_page_size(1);
    std::vector<AgreementSet> sets;
    do {
      const auto page = hub_.Run(hospital_, sets_, &AgreementSets::ListAgreementSets, request);
      EXPECT_THAT(page, IsOk());
      if (!page.ok()) break;
      sets.insert(sets.end(), page->agreement_sets().begin(), page->agreement_sets().end());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return sets;
  }
  // Versions of the activations that were told, oldest first.
  std::vector<std::string> Activations() {
    std::vector<std::string> versions;
    for (const events::v1::Event& event : hub_.Events()) {
      EXPECT_EQ(event.kind(), events::v1::EVENT_KIND_AGREEMENTS_ACTIVATED);
      versions.push_back(event.agreements().version());
    }
    return versions;
  }
  static std::string VersionOf(const std::vector<policy::AgreementText>& texts) {
    return std::string((*policy::CompileAgreements(texts))->version());
  }

  testing::HandlerFixture hub_{LondonTime(2010, 1, 18, 9)};
  const std::vector<policy::AgreementText> folder_ = {Governance()};
  const std::vector<policy::AgreementText> wider_ = {Governance(), Phonebook()};
  AgreementSets sets_{folder_};
  const auth::Principal council_ = Guardian("redbridge-council", "cora", v1::AGENCY_KIND_COUNCIL);
  const auth::Principal hospital_ = Guardian("bhrut", "gus", v1::AGENCY_KIND_ACUTE_TRUST);
};

TEST_F(AgreementSetsTest, IsProposedWithItsVersionAndTheProposersSignature) {
  const auto set = Propose({Phonebook(), Governance()});
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->state(), policy::v1::AGREEMENT_SET_STATE_PROPOSED);
  EXPECT_EQ(set->version(), VersionOf(wider_));
  EXPECT_EQ(set->owner_agency(), kHubAgency);
  EXPECT_EQ(set->author_agency(), "agencies/redbridge-council");
  ASSERT_EQ(set->signatures_size(), 1);
  EXPECT_EQ(set->signatures(0).worker(), "workers/cora");
  EXPECT_EQ(set->signatures(0).agency(), "agencies/redbridge-council");
  EXPECT_FALSE(set->has_activate_time());
  ASSERT_EQ(set->files_size(), 2);
  EXPECT_EQ(set->files(0).file(), "governance.yaml") << "by name, as in a folder";
  EXPECT_THAT(hub_.Events(), IsEmpty()) << "a proposal changes nothing for anybody";
  const auto read = Get(set->name());
  ASSERT_THAT(read, IsOk());
  EXPECT_EQ(read->SerializeAsString(), set->SerializeAsString());
}

TEST_F(AgreementSetsTest, SaysHowManyCellsOfAccessItGivesAndTakes) {
  // Two kinds of agency, one role, one purpose, one kind of record, one category.
  const auto wider = Propose(wider_);
  ASSERT_THAT(wider, IsOk());
  EXPECT_EQ(wider->access_gained(), 2);
  EXPECT_EQ(wider->access_lost(), 0);
  const auto other = Propose({Phonebook("worker")});
  ASSERT_THAT(other, IsOk());
  EXPECT_EQ(other->access_gained(), 2);
  EXPECT_EQ(other->access_lost(), 2) << "against the set in force, not against proposals";
  ASSERT_THAT(Activate(*Sign(hospital_, *wider)), IsOk());
  const auto narrower = Propose({Governance(), Phonebook("worker")});
  ASSERT_THAT(narrower, IsOk());
  EXPECT_EQ(narrower->access_gained(), 2);
  EXPECT_EQ(narrower->access_lost(), 2);
}

TEST_F(AgreementSetsTest, WhatDoesNotCompileIsNotKept) {
  policy::AgreementText broken = Phonebook();
  broken.text += "items: []\n";
  const auto refused = Propose({Governance(), broken});
  EXPECT_THAT(refused,
              StatusIs(StatusCode::kInvalidArgument, errors::v1::ERROR_REASON_REQUEST_INVALID));
  EXPECT_THAT(error::Explain(refused.status()),
              ::testing::Contains(HasSubstr("agreement_set.files[1].text")));
  EXPECT_THAT(List(), IsEmpty());
}

TEST_F(AgreementSetsTest, AVersionIsUnderWayOnce) {
  EXPECT_THAT(Propose(folder_), kExists) << "the folder's is in force";
  const auto proposed = Propose(wider_);
  ASSERT_THAT(proposed, IsOk());
  EXPECT_THAT(Propose(wider_), kExists);
  const auto signed_set = Sign(hospital_, *proposed);
  ASSERT_THAT(signed_set, IsOk());
  EXPECT_THAT(Propose(wider_), kExists);
  ASSERT_THAT(Activate(*signed_set), IsOk());
  EXPECT_THAT(Propose(wider_), kExists);
  EXPECT_THAT(Propose(folder_), IsOk()) << "was superseded";
}

TEST_F(AgreementSetsTest, IsSignedByAnotherWorkerOfAnotherAgency) {
  const auto set = Propose(wider_);
  ASSERT_THAT(set, IsOk());
  EXPECT_THAT(Sign(council_, *set), kSecondPersonMissing);
  EXPECT_THAT(Sign(Guardian("redbridge-council", "carl", v1::AGENCY_KIND_COUNCIL), *set),
              kSecondPersonMissing)
      << "a colleague";
  EXPECT_THAT(Sign(Guardian("bhrut", "cora", v1::AGENCY_KIND_ACUTE_TRUST), *set),
              kSecondPersonMissing)
      << "the same person elsewhere";
  hub_.SetNow(LondonTime(2010, 1, 19, 9));
  const auto second = Sign(hospital_, *set);
  ASSERT_THAT(second, IsOk());
  EXPECT_EQ(second->state(), policy::v1::AGREEMENT_SET_STATE_SIGNED);
  ASSERT_EQ(second->signatures_size(), 2);
  EXPECT_EQ(second->signatures(1).worker(), "workers/gus");
  EXPECT_EQ(TimeFromProto(second->signatures(1).sign_time()), hub_.now());
  EXPECT_THAT(Sign(Guardian("whipps-cross", "will", v1::AGENCY_KIND_ACUTE_TRUST), *second),
              kStateForbids);
  EXPECT_THAT(hub_.Events(), IsEmpty());
}

TEST_F(AgreementSetsTest, NothingUnsignedComesIntoForce) {
  const auto set = Propose(wider_);
  ASSERT_THAT(set, IsOk());
  EXPECT_THAT(Activate(*set), kStateForbids);
  EXPECT_THAT(hub_.Events(), IsEmpty());
}

TEST_F(AgreementSetsTest, ComesIntoForceAndTellsEveryService) {
  const AgreementSet ready = Signed(wider_);
  hub_.SetNow(LondonTime(2010, 1, 20, 9));
  const auto set = Activate(hospital_, ready);
  ASSERT_THAT(set, IsOk());
  EXPECT_EQ(set->state(), policy::v1::AGREEMENT_SET_STATE_ACTIVE);
  EXPECT_EQ(TimeFromProto(set->activate_time()), hub_.now());
  const auto events = hub_.Events();
  ASSERT_THAT(events, SizeIs(1));
  EXPECT_EQ(events[0].kind(), events::v1::EVENT_KIND_AGREEMENTS_ACTIVATED);
  EXPECT_EQ(events[0].record(), set->name());
  EXPECT_EQ(events[0].record_kind(), options::v1::RECORD_KIND_AGREEMENT_SET);
  EXPECT_EQ(events[0].child(), "");
  EXPECT_EQ(events[0].author_agency(), "agencies/bhrut");
  // A service that compiles these files gets the version that the event names.
  std::vector<policy::AgreementText> texts;
  for (const auto& file : events[0].agreements().files()) {
    texts.push_back({file.file(), file.text()});
  }
  EXPECT_EQ(VersionOf(texts), events[0].agreements().version());
  EXPECT_EQ(events[0].agreements().version(), VersionOf(wider_));
  EXPECT_THAT(Activate(*set), kStateForbids);
}

TEST_F(AgreementSetsTest, TheFolderIsKeptToBeBroughtBack) {
  const auto active = Activate(Signed(wider_));
  ASSERT_THAT(active, IsOk());
  const std::vector<AgreementSet> sets = List();
  ASSERT_THAT(sets, SizeIs(2));
  EXPECT_EQ(sets[0].version(), VersionOf(wider_));
  EXPECT_EQ(sets[1].version(), VersionOf(folder_));
  EXPECT_EQ(sets[1].state(), policy::v1::AGREEMENT_SET_STATE_SUPERSEDED);
  EXPECT_EQ(sets[1].author_agency(), kHubAgency);
  EXPECT_EQ(sets[1].signatures_size(), 0);

  const auto back = Activate(sets[1]);
  ASSERT_THAT(back, IsOk());
  EXPECT_EQ(back->state(), policy::v1::AGREEMENT_SET_STATE_ACTIVE);
  EXPECT_EQ(Get(active->name())->state(), policy::v1::AGREEMENT_SET_STATE_SUPERSEDED);
  const auto again = Activate(*Get(active->name()));
  ASSERT_THAT(again, IsOk());
  EXPECT_THAT(Activations(), ElementsAre(VersionOf(wider_), VersionOf(folder_), VersionOf(wider_)));
  EXPECT_THAT(List(), SizeIs(2)) << "no set is kept twice";
}

TEST_F(AgreementSetsTest, OneSetIsInForce) {
  const AgreementSet first = Signed(wider_);
  const AgreementSet second = Signed({Governance(), Phonebook("worker")});
  ASSERT_THAT(Activate(first), IsOk());
  ASSERT_THAT(Activate(second), IsOk());
  int active = 0;
  for (const AgreementSet& set : List()) {
    active += set.state() == policy::v1::AGREEMENT_SET_STATE_ACTIVE ? 1 : 0;
  }
  EXPECT_EQ(active, 1);
  EXPECT_EQ(Get(first.name())->state(), policy::v1::AGREEMENT_SET_STATE_SUPERSEDED);
  EXPECT_EQ(Get(second.name())->state(), policy::v1::AGREEMENT_SET_STATE_ACTIVE);
}

TEST_F(AgreementSetsTest, TheSameFilesDoNotComeIntoForceTwice) {
  const auto first = Activate(Signed(wider_));
  ASSERT_THAT(first, IsOk());
  const AgreementSet other = Signed({Governance(), Phonebook("worker")});
  ASSERT_THAT(Activate(other), IsOk());
  const AgreementSet anew = Signed(wider_);  // its first was superseded
  ASSERT_THAT(Activate(*Get(first->name())), IsOk());
  EXPECT_THAT(Activate(anew), kStateForbids) << "in force already by the first";
}

TEST_F(AgreementSetsTest, WhoActivatesCanBringTheFormerOneBack) {
  const AgreementSet lockout = Signed({Phonebook()});
  EXPECT_THAT(Activate(lockout), kBasisMissing);
  EXPECT_THAT(hub_.Events(), IsEmpty());
  // Guardians of other kinds of agency are not let in by the set either.
  const AgreementSet set = Signed(wider_);
  EXPECT_THAT(Activate(Guardian("met-police", "pat", v1::AGENCY_KIND_POLICE_FORCE), set),
              kBasisMissing);
  EXPECT_THAT(Activate(set), IsOk());
}

TEST_F(AgreementSetsTest, ChangesRestOnTheVersionThatWasRead) {
  auto set = Propose(wider_);
  ASSERT_THAT(set, IsOk());
  const auto stale = StatusIs(StatusCode::kAborted, errors::v1::ERROR_REASON_ETAG_STALE);
  const AgreementSet before = *set;
  ASSERT_THAT(Sign(hospital_, *set), IsOk());
  AgreementSet ready = *Get(set->name());
  ready.set_etag(before.etag());
  EXPECT_THAT(Activate(ready), stale);
  ready.set_name("agreementSets/unknown");
  const auto not_found = StatusIs(StatusCode::kNotFound, errors::v1::ERROR_REASON_RECORD_NOT_FOUND);
  EXPECT_THAT(Activate(ready), not_found);
  EXPECT_THAT(Sign(hospital_, ready), not_found);
  EXPECT_THAT(Get(ready.name()), not_found);
}

TEST_F(AgreementSetsTest, ListsWithoutFiles) {
  ASSERT_THAT(Propose(wider_), IsOk());
  const std::vector<AgreementSet> sets = List();
  ASSERT_THAT(sets, SizeIs(1));
  EXPECT_EQ(sets[0].files_size(), 0);
  EXPECT_FALSE(sets[0].note().empty());
  EXPECT_EQ(Get(sets[0].name())->files_size(), 2);
}

// Two sets cannot both come into force: the second change finds that the first was made.
TEST_F(AgreementSetsTest, ActivationsThatMeetAreOneAfterTheOther) {
  const AgreementSet first = Signed(wider_);
  const AgreementSet second = Signed({Governance(), Phonebook("worker")});
  store::Transaction early = hub_.Begin();
  const proto::PageTokens tokens{std::string(32, 'k')};
  rpc::Call call{.caller = council_,
                 .purpose = options::v1::PURPOSE_GOVERNANCE,
                 .case_reference = "",
                 .trace_id = "",
                 .now = hub_.now(),
                 .deadline = absl::InfiniteFuture(),
                 .tx = early,
                 .authorization = "",
                 .page_tokens = tokens};
  policy::v1::ActivateAgreementSetRequest request;
  request.set_name(first.name());
  request.set_etag(first.etag());
  ASSERT_THAT(sets_.ActivateAgreementSet(call, request), IsOk());
  ASSERT_THAT(Activate(second), IsOk());
  EXPECT_TRUE(store::IsConflict(store::CommitAndWait(hub_.store(), early.TakeWrites()).status()));
}

TEST_F(AgreementSetsTest, EveryMethodHasItsRoute) {
  const rpc::Routes routes = AgreementSetsRoutes(&sets_);
  EXPECT_EQ(static_cast<int>(routes.routes().size()), routes.file()->service(0)->method_count());
}

}  // namespace
}  // namespace trusthub::directory
