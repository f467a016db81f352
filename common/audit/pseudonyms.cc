#include "common/audit/pseudonyms.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/crypto/crypto.h"
#include "common/store/sealed/sealed_store.h"

namespace trusthub::audit {
namespace {

class KeyedPseudonyms final : public Pseudonyms {
 public:
  explicit KeyedPseudonyms(absl::string_view key) : key_(key) {}
  absl::StatusOr<std::string> Of(absl::string_view child, store::Snapshot&) override {
    return crypto::HmacSha256(key_, child);
  }

 private:
  const std::string key_;
};

class ChildPseudonyms final : public Pseudonyms {
 public:
  explicit ChildPseudonyms(store::SealedStore* store) : store_(*store) {}
  absl::StatusOr<std::string> Of(absl::string_view child, store::Snapshot& view) override {
    return store_.PseudonymOf(child, view);
  }

 private:
  store::SealedStore& store_;
};

}  // namespace

std::unique_ptr<Pseudonyms> MakeChildPseudonyms(store::SealedStore* store) {
  return std::make_unique<ChildPseudonyms>(store);
}

std::unique_ptr<Pseudonyms> MakeKeyedPseudonyms(absl::string_view key) {
  return std::make_unique<KeyedPseudonyms>(key);
}

absl::Status AddChild(Pseudonyms& pseudonyms, absl::string_view child, store::Snapshot& view,
                      v1::AuditEntry* entry) {
  absl::StatusOr<std::string> pseudonym = pseudonyms.Of(child, view);
  if (absl::IsNotFound(pseudonym.status())) return absl::OkStatus();
  if (!pseudonym.ok()) return pseudonym.status();
  entry->add_child_pseudonyms(*std::move(pseudonym));
  return absl::OkStatus();
}

absl::Status AddRecord(Pseudonyms& pseudonyms, absl::string_view record, store::Snapshot& view,
                       v1::AuditEntry* entry) {
  if (!IsNameIn("children", record)) {
    entry->add_records(std::string(record));
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> pseudonym = pseudonyms.Of(record, view);
  if (absl::IsNotFound(pseudonym.status())) return absl::OkStatus();
  if (!pseudonym.ok()) return pseudonym.status();
  entry->add_records(absl::StrCat("pseudonyms/", crypto::HexEncode(*pseudonym)));
  return absl::OkStatus();
}

}  // namespace trusthub::audit
