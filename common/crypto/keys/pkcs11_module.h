// File: pkcs11_module.h
//
// A PKCS#11 library, loaded once a process. All calls into it are made on one thread of its own, so
// that a token that hangs holds up that thread and nobody else.
#ifndef TRUSTHUB_COMMON_CRYPTO_KEYS_PKCS11_MODULE_H_
#define TRUSTHUB_COMMON_CRYPTO_KEYS_PKCS11_MODULE_H_

#include <p11-kit/pkcs11.h>

#include <deque>
#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/base/mutex.h"

namespace trusthub::crypto {

// Thread-safe. Never destroyed: its thread may be inside the library when the process ends.
class Pkcs11Module {
 public:
  // The same object for the same path. NOT_FOUND when the library cannot be loaded.
  static absl::StatusOr<Pkcs11Module*> Load(const std::string& path);

  // Runs `work` on the module's thread and gives its status; UNAVAILABLE when it has not ended
  // within kKeyServiceMillisMax, or at once while an earlier one is overdue. `work` may run on
  // after that: it must own all it uses.
  absl::Status Run(std::function<absl::Status()> work);

  // For `work` alone.
  CK_FUNCTION_LIST& functions() { return *functions_; }
  // Starts the library anew: tokens that came or went are seen. Sessions and handles of an earlier
  // generation are void.
  absl::Status Restart();
  int generation() const { return generation_; }

 private:
  explicit Pkcs11Module(CK_FUNCTION_LIST* functions) : functions_(functions) {}
  void Loop();

  CK_FUNCTION_LIST* const functions_;
  int generation_ = 0;  // of the thread alone
  bool started_ = false;
  Mutex mutex_;
  CondVar arrived_;
  std::deque<std::function<void()>> waiting_ ABSL_GUARDED_BY(mutex_);
  int overdue_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_KEYS_PKCS11_MODULE_H_
