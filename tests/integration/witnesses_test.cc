// Three agencies witness the log of a real service: heads gather their cosignatures; what an
// operator does to the log behind their backs is found by each of them at its next check.
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/audit/answer.h"
#include "common/audit/cosignature.h"
#include "common/audit/entry.h"
#include "common/audit/head.h"
#include "common/audit/tree.h"
#include "common/base/ids.h"
#include "common/store/sqlite/sqlite_store.h"
#include "common/testing/matchers.h"
#include "common/testing/paths.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/pki/development.h"
#include "deploy/hubctl/witness/witness.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"
#include "tests/e2e/eventually.h"
#include "tests/integration/local_hub.h"
#include "trusthub/audit/v1/audit_service.pb.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;

using audit::v1::AddCosignatureRequest;
using audit::v1::AddCosignatureResponse;
using audit::v1::CosignedHead;
using audit::v1::GetTreeHeadResponse;
using hubctl::SeenLog;
using hubctl::WitnessCheck;
using hubctl::WitnessFolder;

constexpr char kService[] = "referrals";
constexpr char kPurpose[] = "audit_review";
constexpr char kReference[] = "WITNESS-1";
constexpr absl::Duration kLoadedWithin = absl::Seconds(20);

const auto kRefused =
    StatusIs(absl::StatusCode::kFailedPrecondition, errors::v1::ERROR_REASON_COSIGNATURE_REFUSED);

// One of the three, at its agency's system.
struct Party {
  std::string name;
  std::string agency;
  std::string worker;
  std::string path;  // of its folder
  std::unique_ptr<WitnessFolder> folder = nullptr;
  std::unique_ptr<hubctl::Desk> desk = nullptr;
  std::vector<AddCosignatureRequest> handed_in = {};
};

class WitnessesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    settings_ = folder_.File("redbridge");
    fs::copy(testing::SourcePath("deploy/config/redbridge"), settings_);  // files alone
    LocalHubOptions options;
    options.adjust = [this](absl::string_view service, config::Config* config) {
      if (service != kService) return;
      config->settings_folder = settings_;
      data_ = config->data_folder;
    };
    auto started = LocalHub::Start(options);
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
    ASSERT_TRUE(hub_->WaitForNews(kLoadedWithin));
    for (Party& party : parties_) {
      ASSERT_THAT(MakeFolder(party), IsOk());
      auto desk = hub_->hub().DeskOf(party.worker);
      ASSERT_THAT(desk, IsOk());
      party.desk = *std::move(desk);
    }
    WriteRules();
    Restart();
  }

  absl::Status MakeFolder(Party& party) {
    party.path = folder_.File(party.name);
    hubctl::WitnessSettings settings;
    settings.name = party.name;
    settings.worker = party.worker;
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string key, hub_->hub().AuditKeyOf(kService));
    TRUSTHUB_RETURN_IF_ERROR(WitnessFolder::Make(party.path, settings, {{key, ""}}));
    TRUSTHUB_ASSIGN_OR_RETURN(party.folder, WitnessFolder::Open(party.path));
    return absl::OkStatus();
  }

  // Two of the three are enough.
  void WriteRules() {
    std::ofstream rules(settings_ + "/witnesses.yaml", std::ios::trunc);
    rules << "needed: 2\nmax_age_minutes: 5\nstop_after_minutes: 0\nwitnesses:\n";
    for (const Party& party : parties_) {
      rules << "  - name: " << party.name << "\n    agency: " << party.agency << "\n    key: \""
            << crypto::HexEncode(party.folder->key().public_key()) << "\"\n";
    }
  }
  void Restart() {
    hub_->StopService(kService);
    ASSERT_THAT(hub_->StartService(kService), IsOk());
  }

  // What a call of `party` brings; the service may have been started anew since the last.
  absl::Status Ask(Party& party, const google::protobuf::Message& request,
                   google::protobuf::Message* response) {
    absl::Status status;
    Within(kLoadedWithin, [&] {
      status = party.desk->Call(request, kPurpose, kReference, kService, response);
      return !absl::IsUnavailable(status);
    });
    return status;
  }

  absl::StatusOr<WitnessCheck> Check(Party& party) {
    const hubctl::Witness witness(
        party.folder.get(),
        [&](const google::protobuf::Message& request, absl::string_view,
            google::protobuf::Message* response) {
          if (request.GetDescriptor() == AddCosignatureRequest::descriptor()) {
            party.handed_in.push_back(static_cast<const AddCosignatureRequest&>(request));
          }
          return Ask(party, request, response);
        },
        &RealClock());
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<hubctl::WitnessedLog> logs,
                              witness.LogsOf(kService));
    return witness.Check(logs.front());
  }
  WitnessCheck GoodCheck(Party& party) {
    const auto check = Check(party);
    EXPECT_THAT(check, IsOk());
    if (!check.ok()) return {};
    EXPECT_EQ(check->misbehaviour, "") << party.name;
    return *check;
  }
  GetTreeHeadResponse Heads() {
    GetTreeHeadResponse response;
    EXPECT_THAT(Ask(parties_[0], audit::v1::GetTreeHeadRequest(), &response), IsOk());
    return response;
  }
  // The head that enough cosigned, checked as whoever has the list of witnesses would.
  CosignedHead Witnessed() {
    const GetTreeHeadResponse heads = Heads();
    EXPECT_EQ(heads.needed(), 2);
    if (heads.cosigned().empty()) return {};
    const CosignedHead& head = *heads.cosigned().rbegin();
    EXPECT_THAT(
        audit::VerifyWitnessed(audit::CheckpointOf(audit::HeadFromProto(head.head())),
                               {head.cosignatures().begin(), head.cosignatures().end()}, List(), 2),
        IsOk());
    return head;
  }
  audit::KeyList List() const {
    audit::KeyList list;
    for (const Party& party : parties_) {
      list.push_back({party.folder->key().public_key(), party.name});
    }
    return list;
  }

  void EachFinds(absl::string_view misbehaviour) {
    for (Party& party : parties_) {
      const auto check = Check(party);
      ASSERT_THAT(check, IsOk());
      EXPECT_EQ(check->misbehaviour, misbehaviour) << party.name;
      CheckEvidence(check->evidence);
      const std::size_t before = party.handed_in.size();
      const auto again = Check(party);
      ASSERT_THAT(again, IsOk());
      EXPECT_EQ(again->misbehaviour, "evidence kept") << "whatever is shown later";
      EXPECT_EQ(party.handed_in.size(), before) << "and never cosigned again";
    }
  }
  // Two heads, both signed by the hub: anyone can see it.
  void CheckEvidence(const std::string& path) {
    std::ifstream file(path);
    const auto json = nlohmann::json::parse(file, nullptr, /*allow_exceptions=*/false);
    ASSERT_TRUE(json.is_object()) << path;
    const auto key = hub_->hub().AuditKeyOf(kService);
    for (const char* which : {"kept", "shown"}) {
      const auto& head = json[which];
      EXPECT_THAT(audit::VerifyHead({head["tree"], head["tree_size"],
                                     *crypto::HexDecode(head["root_hash"].get<std::string>()),
                                     absl::FromUnixMicros(head["sign_time_micros"]),
                                     *crypto::HexDecode(head["signature"].get<std::string>())},
                                    *key),
                  IsOk())
          << which;
    }
  }

  void CopyData(const std::string& to) {
    hub_->StopService(kService);
    fs::remove_all(to);
    fs::copy(data_, to);
    ASSERT_THAT(hub_->StartService(kService), IsOk());
  }
  void PutDataBack(const std::string& from) {
    hub_->StopService(kService);
    fs::remove_all(data_);
    fs::copy(from, data_);
    ASSERT_THAT(hub_->StartService(kService), IsOk());
  }

  // Declared before the hub, which uses them until it ends.
  const TempFolder folder_;
  std::string settings_;
  std::string data_;
  std::unique_ptr<LocalHub> hub_;
  std::vector<Party> parties_ = MakeParties();

 private:
  static std::vector<Party> MakeParties() {
    std::vector<Party> parties;
    parties.push_back({"council", "agencies/redbridge-council", "lbr-witness-01", ""});
    parties.push_back({"police", "agencies/met-police", "met-witness-01", ""});
    parties.push_back({"hospital", "agencies/bhrut", "bhrut-witness-01", ""});
    return parties;
  }
};

TEST_F(WitnessesTest, HeadsGatherCosignaturesAndStayNew) {
  const WitnessCheck first = GoodCheck(parties_[0]);
  EXPECT_EQ(first.cosignatures, 1);
  EXPECT_EQ(Heads().cosigned(0).cosignatures_size(), 1);
  const WitnessCheck second = GoodCheck(parties_[1]);
  EXPECT_EQ(second.cosigned, first.cosigned) << "what another one began";
  EXPECT_EQ(second.cosignatures, 2);
  EXPECT_GT(second.seen, second.cosigned);
  EXPECT_EQ(Witnessed().head().tree_size(), first.cosigned);

  std::int64_t before = first.cosigned;
  for (int round = 0; round < 3; ++round) {
    for (Party& party : parties_) GoodCheck(party);
    const CosignedHead witnessed = Witnessed();
    EXPECT_GT(witnessed.head().tree_size(), before);
    before = witnessed.head().tree_size();
  }
  // It outlives a restart.
  Restart();
  EXPECT_EQ(Witnessed().head().tree_size(), before);
  for (Party& party : parties_) GoodCheck(party);
}

TEST_F(WitnessesTest, TwoOfThreeGoOnWithoutTheThird) {
  std::int64_t before = 0;
  for (int round = 0; round < 4; ++round) {
    GoodCheck(parties_[0]);
    GoodCheck(parties_[2]);
    const std::int64_t witnessed = Witnessed().head().tree_size();
    EXPECT_GT(witnessed, before);
    before = witnessed;
  }
  // One alone is not enough, however often it comes.
  for (int round = 0; round < 3; ++round) GoodCheck(parties_[0]);
  EXPECT_EQ(Witnessed().head().tree_size(), before);
  GoodCheck(parties_[1]);
  EXPECT_GT(Witnessed().head().tree_size(), before);
}

TEST_F(WitnessesTest, AnOldCopyPutBackIsFoundByEach) {
  for (Party& party : parties_) GoodCheck(party);
  const std::string copy = folder_.File("copy");
  CopyData(copy);
  for (int round = 0; round < 2; ++round) {
    for (Party& party : parties_) GoodCheck(party);
  }
  PutDataBack(copy);
  EachFinds("rollback");
}

// Long enough for the log to be longer again than what the witnesses saw: its entries are others.
TEST_F(WitnessesTest, AnOldCopyThatGrewAgainIsFoundByEach) {
  for (Party& party : parties_) GoodCheck(party);
  const std::string copy = folder_.File("copy");
  CopyData(copy);
  for (Party& party : parties_) GoodCheck(party);
  const std::int64_t seen = GoodCheck(parties_[0]).seen;
  PutDataBack(copy);
  while (Heads().head().tree_size() <= seen + 3) {
  }
  EachFinds("fork");
}

// The operator has the signing key, and writes the whole log anew with one entry changed.
TEST_F(WitnessesTest, AForkSignedWithTheRealKeyIsFoundByEach) {
  for (Party& party : parties_) GoodCheck(party);
  std::vector<store::StoredLeaf> leaves;
  std::string tree_name;
  {
    const auto snapshot = hub_->host(kService).store().Open(absl::InfiniteFuture());
    ASSERT_THAT(snapshot, IsOk());
    leaves = *(*snapshot)->ReadLeaves(0, 100000);
    tree_name = (*(*snapshot)->Head())->tree;
  }
  auto changed = audit::ParseEntry(leaves[1].bytes);
  ASSERT_THAT(changed, IsOk());
  changed->set_worker("workers/somebody-else");
  leaves[1].bytes = audit::CanonicalBytes(*changed);

  hub_->StopService(kService);
  // Without the store's own keys the service would not start over it.
  store::WriteSet forgery;
  {
    store::SqliteOptions options;
    options.path = data_ + "/store.db";
    const auto engine = store::OpenSqlite(options);
    ASSERT_THAT(engine, IsOk());
    const auto snapshot = (*engine)->Open(absl::InfiniteFuture());
    ASSERT_THAT(snapshot, IsOk());
    for (const char* space : {"sealing/key", "sealing/service", "sealing/child"}) {
      const auto rows = (*snapshot)->ListState(space, "", 100000);
      ASSERT_THAT(rows, IsOk());
      for (const auto& [name, value] : *rows) forgery.states.push_back({space, name, value});
    }
  }
  for (const char* part : {"/store.db", "/store.db-wal", "/store.db-shm"}) fs::remove(data_ + part);
  const auto key = crypto::SigningKey::Load(
      absl::StrCat(hub_->hub().folder(), "/pki/services/", kService, "/audit.key"));
  ASSERT_THAT(key, IsOk());
  {
    const auto tree = audit::MakeTree(tree_name, key->get(), &RealClock());
    store::SqliteOptions options;
    options.path = data_ + "/store.db";
    options.sequencer = tree.get();
    auto forged = store::OpenSqlite(options);
    ASSERT_THAT(forged, IsOk());
    for (store::StoredLeaf& leaf : leaves) forgery.leaves.push_back(audit::LeafOf(leaf.bytes));
    ASSERT_THAT(store::CommitAndWait(**forged, std::move(forgery)), IsOk());
  }
  ASSERT_THAT(hub_->StartService(kService), IsOk());
  EachFinds("fork");
}

TEST_F(WitnessesTest, ALogBegunAnewIsFoundByEach) {
  for (Party& party : parties_) GoodCheck(party);
  hub_->StopService(kService);
  fs::remove_all(data_);
  ASSERT_THAT(hub_->StartService(kService), IsOk());
  EachFinds("another tree");
}

// Somebody who can get at a witness's folder, but not at the hub's log.
TEST_F(WitnessesTest, AWitnessWhoseFolderWasPutBackFindsItsOwnCosignature) {
  Party& party = parties_[1];
  GoodCheck(party);
  const std::string copy = folder_.File("witness-copy");
  fs::copy(party.path, copy, fs::copy_options::recursive);
  for (int round = 0; round < 3; ++round) GoodCheck(party);
  const auto newest = party.folder->Read(kService);
  ASSERT_THAT(newest, IsOk());

  fs::remove_all(party.path);
  fs::copy(copy, party.path, fs::copy_options::recursive);
  const WitnessCheck check = GoodCheck(party);
  EXPECT_TRUE(check.caught_up);
  EXPECT_GT(check.seen, (*newest)->newest.size);
  EXPECT_FALSE(GoodCheck(party).caught_up);
  // The same when only the key was saved.
  fs::remove_all(party.path + "/heads");
  fs::create_directory(party.path + "/heads");
  EXPECT_TRUE(GoodCheck(party).caught_up);
}

TEST_F(WitnessesTest, ADamagedFolderIsNotTakenForAnEmptyOne) {
  Party& party = parties_[0];
  GoodCheck(party);
  std::ofstream(party.path + "/heads/" + kService + ".json", std::ios::trunc) << "{\"newest\": {}}";
  EXPECT_THAT(Check(party), StatusIs(absl::StatusCode::kDataLoss));
}

TEST_F(WitnessesTest, CosignaturesOfStrangersAreRefused) {
  GoodCheck(parties_[0]);
  AddCosignatureRequest good = parties_[0].handed_in.back();
  AddCosignatureResponse response;
  const auto again = [&](Party& party, const AddCosignatureRequest& request) {
    AddCosignatureRequest fresh = request;
    fresh.set_request_id(RandomUuid());
    return Ask(party, fresh, &response);
  };
  // Another agency hands it in.
  EXPECT_THAT(again(parties_[1], good), kRefused);
  // A name that nobody registered, with the agency's right key.
  AddCosignatureRequest unknown = good;
  unknown.set_witness("stranger");
  EXPECT_THAT(again(parties_[0], unknown), kRefused);
  // The registered name, with a key that was not.
  const auto key = crypto::SigningKey::Generate();
  const audit::Checkpoint checkpoint{good.tree(), good.tree_size(), good.root_hash()};
  AddCosignatureRequest forged = good;
  const absl::Time later = TimeFromProto(good.cosign_time()) + absl::Seconds(1);
  *forged.mutable_cosign_time() = TimeToProto(later);
  forged.set_cosignature(audit::Cosign(checkpoint, "council", later, *key).signature());
  EXPECT_THAT(again(parties_[0], forged), kRefused);
  // An auditor is no witness.
  auto auditor = hub_->hub().DeskOf("hub-auditor-01");
  ASSERT_THAT(auditor, IsOk());
  forged.set_request_id(RandomUuid());
  EXPECT_THAT(
      (*auditor)->Call(forged, kPurpose, kReference, kService, &response),
      StatusIs(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED));
}

TEST_F(WitnessesTest, CosignaturesAreTakenOnceAndInTheirOrder) {
  Party& party = parties_[0];
  GoodCheck(party);
  const AddCosignatureRequest first = party.handed_in.back();
  AddCosignatureResponse response;
  EXPECT_THAT(Ask(party, first, &response), IsOk()) << "a retry is answered as before";
  EXPECT_EQ(response.cosignatures(), 1);
  AddCosignatureRequest replayed = first;
  replayed.set_request_id(RandomUuid());
  EXPECT_THAT(Ask(party, replayed, &response), kRefused);
  GoodCheck(party);
  replayed.set_request_id(RandomUuid());
  EXPECT_THAT(Ask(party, replayed, &response), kRefused) << "an old one";

  const auto cosign = [&](AddCosignatureRequest request, absl::Time when) {
    const audit::Checkpoint checkpoint{request.tree(), request.tree_size(), request.root_hash()};
    request.set_request_id(RandomUuid());
    *request.mutable_cosign_time() = TimeToProto(absl::FromUnixSeconds(absl::ToUnixSeconds(when)));
    request.set_cosignature(
        audit::Cosign(checkpoint, party.name, when, party.folder->key()).signature());
    return request;
  };
  const absl::Time now = RealClock().Now();
  // Its own key, but not now.
  EXPECT_THAT(Ask(party, cosign(first, now + absl::Minutes(3)), &response), kRefused);
  EXPECT_THAT(Ask(party, cosign(first, now - absl::Minutes(6)), &response), kRefused);
  // A head smaller than the one before.
  EXPECT_THAT(Ask(party, cosign(first, now + absl::Seconds(30)), &response), kRefused);
  // A head that this log never had.
  AddCosignatureRequest other = party.handed_in.back();
  other.set_root_hash(crypto::Sha256("another history"));
  EXPECT_THAT(Ask(party, cosign(other, now + absl::Seconds(30)), &response), kRefused);
  // All as it should be.
  EXPECT_THAT(Ask(party, cosign(party.handed_in.back(), now + absl::Seconds(30)), &response),
              IsOk());
}

// Least right: hashes, never an entry.
TEST_F(WitnessesTest, AWitnessReadsNoEntry) {
  audit::v1::ListEntriesResponse entries;
  EXPECT_THAT(
      Ask(parties_[1], audit::v1::ListEntriesRequest(), &entries),
      StatusIs(absl::StatusCode::kPermissionDenied, errors::v1::ERROR_REASON_METHOD_NOT_PERMITTED));
}

}  // namespace
}  // namespace trusthub::testing
