#include "common/crypto/keys/file_key.h"

#include <utility>

#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/crypto/keys/aes_wrap.h"
#include "common/crypto/keys/wrapped_form.h"

namespace trusthub::crypto {
namespace {

class FileKey final : public KeyWrapper {
 public:
  FileKey(absl::string_view id, Secret key) : id_(id), key_(std::move(key)) {}

  const std::string& id() const override { return id_; }

  absl::StatusOr<std::string> Wrap(const Secret& key, absl::string_view associated) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const Secret form, FormOf(key, associated));
    return AesWrap(key_.view(), form.view());
  }

  absl::StatusOr<Secret> Unwrap(absl::string_view wrapped, absl::string_view associated) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const Secret form, AesUnwrap(key_.view(), wrapped));
    return KeyOfForm(form, associated);
  }

 private:
  const std::string id_;
  const Secret key_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeyWrapper>> OpenFileKey(absl::string_view id,
                                                        absl::string_view path) {
  TRUSTHUB_ASSIGN_OR_RETURN(Secret key, LoadKeyFile(path));
  return MakeKeyWrapper(id, std::move(key));
}

std::unique_ptr<KeyWrapper> MakeKeyWrapper(absl::string_view id, Secret key) {
  return std::make_unique<FileKey>(id, std::move(key));
}

}  // namespace trusthub::crypto
