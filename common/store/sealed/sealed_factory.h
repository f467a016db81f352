// File: sealed_factory.h
//
// A sealed store over SQLite in a temporary folder of its own, with key rings in memory, for tests.
#ifndef TRUSTHUB_COMMON_STORE_SEALED_SEALED_FACTORY_H_
#define TRUSTHUB_COMMON_STORE_SEALED_SEALED_FACTORY_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/crypto/crypto.h"
#include "common/crypto/keys/file_key.h"
#include "common/crypto/keys/key_ring.h"
#include "common/store/sealed/sealed_store.h"
#include "common/store/sqlite/sqlite_factory.h"

namespace trusthub::testing {

// A ring of the keys `ids`, the first the current one; a key's bytes come from its id.
inline std::shared_ptr<const crypto::KeyRing> RingOf(const std::vector<std::string>& ids) {
  std::vector<std::unique_ptr<crypto::KeyWrapper>> keys;
  keys.reserve(ids.size());
  for (const std::string& id : ids) {
    keys.push_back(crypto::MakeKeyWrapper(id, crypto::Secret(crypto::Sha256(id))));
  }
  return std::make_shared<const crypto::KeyRing>(std::move(keys));
}

// `Engine` is the factory of an engine.
template <class Engine>
class SealedFactory : public StoreFactory {
 public:
  absl::StatusOr<std::unique_ptr<store::Store>> Open(store::LeafSequencer* sequencer,
                                                     int queued_sets_max) override {
    auto engine = engine_.Open(sequencer, queued_sets_max);
    if (!engine.ok()) return engine.status();
    store::SealedOptions options;
    options.service = "test";
    options.ring = RingOf({"kek-1"});
    options.cached_keys_max = 3;  // so few that keys are unwrapped again and again
    auto sealed = store::SealedStore::Over(*std::move(engine), std::move(options));
    if (!sealed.ok()) return sealed.status();
    return std::unique_ptr<store::Store>(*std::move(sealed));
  }

 private:
  Engine engine_;
};

inline std::unique_ptr<StoreFactory> MakeSealedFactory() {
  return std::make_unique<SealedFactory<SqliteFactory>>();
}

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_STORE_SEALED_SEALED_FACTORY_H_
