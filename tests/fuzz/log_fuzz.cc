// The audit log as a reader finds it: entries of any bytes, and a log, its tiles and its spool that
// somebody changed.
//
// The first byte says what the rest is: 0 an entry, 1 changes to the leaves of a good log (which,
// where, how), 2 changes to its tiles, 3 the file of a spool, 4 changes to a good spool.
#include <fstream>
#include <iterator>
#include <memory>

#include "common/audit/audit_fixtures.h"
#include "common/audit/entry.h"
#include "common/audit/spool.h"
#include "common/testing/temp_folder.h"
#include "tests/fuzz/target.h"

namespace trusthub::fuzz {
namespace {

constexpr int kLeaves = 300;  // more than one tile
constexpr char kSpooled[] = "an entry that waits";

struct World {
  World() { log.AppendSome(kLeaves); }
  audit::TestLog log;
  testing::TempFolder folder;
};

World& TheWorld() {
  static auto& world = *new World;
  return world;
}

void ReadEntry(const std::string& bytes) {
  (void)audit::LeafOf(bytes);
  const auto entry = audit::ParseEntry(bytes);
  if (entry.ok()) Require(audit::CanonicalBytes(*entry) == bytes, "an entry has one spelling");
}

// Changes bytes of `text` and says whether it is another now.
bool Change(Input& input, std::string* text) {
  const std::string before = *text;
  for (std::size_t changes = 1 + input.OneOf(4); changes > 0 && !text->empty(); --changes) {
    const std::size_t at = static_cast<std::size_t>(input.Number() % text->size());
    (*text)[at] ^= static_cast<char>(input.Byte());
  }
  if (input.OneOf(4) == 1) text->resize(text->size() - std::min<std::size_t>(text->size(), 3));
  return *text != before;
}

// Every head is known, so the fault is found where it is.
audit::LogCheck Check(const std::vector<std::string>& leaves, audit::TileCheck::Read tiles) {
  audit::Witness witness{TheWorld().log.heads(), {}, std::move(tiles)};
  return audit::VerifyLog(audit::ReaderOf(leaves), witness, TheWorld().log.public_key());
}

void ChangeLeaf(Input& input) {
  std::vector<std::string> leaves = TheWorld().log.leaves();
  const auto which = static_cast<std::size_t>(input.Number() % leaves.size());
  const bool changed = Change(input, &leaves[which]);
  const audit::LogCheck check = Check(leaves, nullptr);
  Require(check.status.ok() == !changed, "a changed entry is found, and nothing else is");
  if (!changed) return;
  const auto at = static_cast<std::int64_t>(which);
  Require(check.first_bad <= at && at <= check.last_bad, "the fault lies where it is said to");
}

void ChangeTile(Input& input) {
  World& world = TheWorld();
  auto& tiles = world.log.snapshot().tiles();
  const auto kept = tiles;
  auto tile = tiles.begin();
  std::advance(tile, static_cast<std::ptrdiff_t>(input.OneOf(tiles.size())));
  const bool changed = Change(input, &tile->second);
  const audit::LogCheck check =
      Check(world.log.leaves(), [&world](int level, std::int64_t first, int limit) {
        return world.log.snapshot().ReadTiles(level, first, limit);
      });
  tiles = kept;
  Require(check.status.ok() == !changed, "a changed tile is found, and nothing else is");
}

void OpenSpool(const std::string& bytes) {
  const std::string path = TheWorld().folder.File("spool");
  std::ofstream(path, std::ios::binary) << bytes;
  const auto spool = audit::OpenSpool(path);
  Require(spool.ok() || absl::IsDataLoss(spool.status()), "a spool is taken up, or is damaged");
  if (spool.ok()) Require((*spool)->Add(kSpooled).ok(), "a spool that was taken up goes on");
}

void ChangeSpool(Input& input) {
  static const std::string& good = *[] {
    const std::string path = TheWorld().folder.File("good-spool");
    auto spool = audit::OpenSpool(path);
    RequireReady(spool.ok(), "a spool");
    for (int i = 0; i < 3; ++i) RequireReady((*spool)->Add(audit::TestLeaf(i)).ok(), "an entry");
    spool->reset();
    std::ifstream file(path, std::ios::binary);
    return new std::string(std::istreambuf_iterator<char>(file), {});
  }();
  std::string changed = good;
  Change(input, &changed);
  OpenSpool(changed);
}

}  // namespace
}  // namespace trusthub::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace trusthub::fuzz;  // NOLINT(google-build-using-namespace)
  Input input(data, size);
  switch (input.OneOf(5)) {
    case 0:
      ReadEntry(input.Rest());
      break;
    case 1:
      ChangeLeaf(input);
      break;
    case 2:
      ChangeTile(input);
      break;
    case 3:
      OpenSpool(input.Rest());
      break;
    default:
      ChangeSpool(input);
      break;
  }
  return 0;
}
