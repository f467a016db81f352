#include "common/crypto/keys/pkcs11_module.h"

#include <dlfcn.h>

#include <map>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/crypto/keys/key_wrapper.h"
#include "common/time/clock.h"

namespace trusthub::crypto {
namespace {

CK_FUNCTION_LIST* FunctionsOf(const std::string& path) {
  void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return nullptr;
  using GetFunctionList = CK_RV (*)(CK_FUNCTION_LIST**);
  const auto get = reinterpret_cast<GetFunctionList>(dlsym(library, "C_GetFunctionList"));
  CK_FUNCTION_LIST* functions = nullptr;
  if (get == nullptr || get(&functions) != CKR_OK) return nullptr;
  return functions;
}

}  // namespace

absl::StatusOr<Pkcs11Module*> Pkcs11Module::Load(const std::string& path) {
  static Mutex& mutex = *new Mutex;
  static auto& modules = *new std::map<std::string, Pkcs11Module*>;
  MutexLock lock(mutex);
  const auto known = modules.find(path);
  if (known != modules.end()) return known->second;
  CK_FUNCTION_LIST* const functions = FunctionsOf(path);
  if (functions == nullptr) {
    return absl::NotFoundError(absl::StrCat(path, " is no PKCS#11 library that can be loaded"));
  }
  auto* const module = new Pkcs11Module(functions);
  std::thread([module] { module->Loop(); }).detach();
  modules.emplace(path, module);
  return module;
}

absl::Status Pkcs11Module::Run(std::function<absl::Status()> work) {
  struct Outcome {
    Mutex mutex;
    CondVar arrived;
    std::optional<absl::Status> status;
    bool given_up = false;
  };
  const auto outcome = std::make_shared<Outcome>();
  const absl::Duration limit = absl::Milliseconds(kKeyServiceMillisMax);
  const auto late = [] { return absl::UnavailableError("the token does not answer"); };
  {
    MutexLock lock(mutex_);
    if (overdue_ > 0) return late();
    waiting_.emplace_back([this, outcome, work = std::move(work)] {
      absl::Status status = work();
      bool given_up = false;
      {
        MutexLock done(outcome->mutex);
        given_up = outcome->given_up;
        outcome->status = std::move(status);
        outcome->arrived.NotifyOne();
      }
      if (!given_up) return;
      MutexLock relieved(mutex_);
      --overdue_;
    });
    arrived_.NotifyOne();
  }
  const absl::Duration until = MonotonicNow() + limit;
  MutexLock lock(outcome->mutex);
  while (!outcome->status.has_value()) {
    const absl::Duration left = until - MonotonicNow();
    if (left > absl::ZeroDuration()) {
      outcome->arrived.WaitFor(outcome->mutex, left);
      continue;
    }
    outcome->given_up = true;
    MutexLock overdue(mutex_);
    ++overdue_;
    return late();
  }
  return *outcome->status;
}

void Pkcs11Module::Loop() {
  while (true) {
    std::function<void()> next;
    {
      MutexLock lock(mutex_);
      while (waiting_.empty()) arrived_.Wait(mutex_);
      next = std::move(waiting_.front());
      waiting_.pop_front();
    }
    next();
  }
}

absl::Status Pkcs11Module::Restart() {
  if (started_) functions_->C_Finalize(nullptr);
  ++generation_;
  CK_C_INITIALIZE_ARGS arguments{};
  arguments.flags = CKF_OS_LOCKING_OK;
  const CK_RV code = functions_->C_Initialize(&arguments);
  started_ = code == CKR_OK || code == CKR_CRYPTOKI_ALREADY_INITIALIZED;
  if (started_) return absl::OkStatus();
  return absl::UnavailableError(absl::StrCat("the PKCS#11 library does not start (", code, ")"));
}

}  // namespace trusthub::crypto
