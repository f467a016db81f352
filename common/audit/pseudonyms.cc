#include "common/audit/pseudonyms.h"

#include <utility>

#include "common/crypto/crypto.h"

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

}  // namespace

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

}  // namespace trusthub::audit
