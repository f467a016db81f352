#include "tests/integration/two_worlds.h"

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
#include "common/testing/matchers.h"
#include "tests/e2e/eventually.h"
#include "trusthub/events/v1/events_service.pb.h"

namespace trusthub::testing {
namespace {

constexpr std::uintmax_t kMemoryNeeded = std::uintmax_t{2} << 30;

std::unique_ptr<World>& Kept(int which) {
  static auto* const worlds = new std::unique_ptr<World>[2];
  return worlds[which];
}

// Ends the worlds before main returns: a hub does not outlive gRPC's own threads.
class EndOfTheWorlds final : public ::testing::Environment {
  void TearDown() override {
    for (int which = 0; which < 2; ++which) Kept(which).reset();
  }
};
[[maybe_unused]] const ::testing::Environment* const kEnd =
    ::testing::AddGlobalTestEnvironment(new EndOfTheWorlds);

// What a disk does is tested elsewhere (tests/fault). Here a call that it held up would be sent
// again, and so leave two lines in the log of one world.
void UseMemory() {
  constexpr char kMemory[] = "/dev/shm";
  std::error_code error;
  const auto space = std::filesystem::space(kMemory, error);
  if (error || space.available < kMemoryNeeded) return;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): no other thread runs yet.
  setenv("TMPDIR", kMemory, 1);
}

void MakeWorlds() {
  UseMemory();
  const auto seed = static_cast<std::uint32_t>(TestSeed());
  auto making = std::async(std::launch::async, [&] { return World::Make(true, seed, kChildren); });
  auto plain = World::Make(false, seed, kChildren);
  auto with_secrets = making.get();
  ASSERT_THAT(plain, IsOk());
  ASSERT_THAT(with_secrets, IsOk());
  Kept(0) = *std::move(plain);
  Kept(1) = *std::move(with_secrets);
  for (const std::string& worker : Workers()) {
    for (int which = 0; which < 2; ++which) Kept(which)->cast().At(worker);
  }
}

}  // namespace

const std::vector<std::string>& Workers() {
  static const auto& workers = *new std::vector<std::string>{"lbr-screening-01",
                                                             "lbr-sw-01",
                                                             "lbr-sw-02",
                                                             "lbr-manager-01",
                                                             "lbr-chair-01",
                                                             "lbr-iro-01",
                                                             "lbr-virtual-school-01",
                                                             "lbr-placement-01",
                                                             "lbr-lado-01",
                                                             "lbr-caldicott-01",
                                                             "met-cait-01",
                                                             "bhrut-nurse-01",
                                                             "bhrut-reception-01",
                                                             "whipps-nurse-01",
                                                             "nhsr-visitor-01",
                                                             "nhsr-gp-01",
                                                             "nhsr-school-nurse-01",
                                                             "nhsr-caldicott-01",
                                                             "nelft-camhs-01",
                                                             "uphall-lead-01",
                                                             "valentines-lead-01",
                                                             "housing-officer-01",
                                                             "connexions-lead-01"};
  return workers;
}

std::string PurposeName(options::v1::Purpose purpose) {
  return absl::AsciiStrToLower(absl::StripPrefix(options::v1::Purpose_Name(purpose), "PURPOSE_"));
}

void TwoWorlds::SetUp() {
  if (Kept(0) == nullptr) MakeWorlds();
  ASSERT_NE(Kept(0), nullptr);
  ASSERT_NE(Kept(1), nullptr);
}

World& TwoWorlds::world(int which) { return *Kept(which); }

void TwoWorlds::InBoth(absl::FunctionRef<void(int which)> run) {
  auto other = std::async(std::launch::async, [&] { run(1); });
  run(0);
  other.get();
}

bool TwoWorlds::SameOnceSettled(absl::FunctionRef<std::string(World& world)> look,
                                std::string (&seen)[2]) {
  return Within(kSettled, [&] {
    for (int which = 0; which < 2; ++which) seen[which] = look(world(which));
    return seen[0] == seen[1];
  });
}

Canonical TwoWorlds::NumbersOf(World& world) {
  Canonical canonical;
  events::v1::WatchRequest request;
  for (const Life& life : world.lives()) {
    request.set_child(life.records.at("children").front());
    canonical.TextOf(request);
  }
  return canonical;
}

std::vector<std::size_t> TwoWorlds::HiddenFrom(const std::string& worker) {
  std::vector<std::size_t> hidden;
  const std::vector<Life>& lives = world(0).lives();
  for (std::size_t i = 0; i < lives.size(); ++i) {
    if (!MayKnow(worker, lives[i].secret)) hidden.push_back(i);
  }
  return hidden;
}

}  // namespace trusthub::testing
