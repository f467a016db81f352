// File: openssl.h
//
// What code over OpenSSL shares: owning pointers, and the end of the process when OpenSSL fails
// where it cannot. For crypto, auth and the PKI tool only.
#ifndef TRUSTHUB_COMMON_CRYPTO_OPENSSL_H_
#define TRUSTHUB_COMMON_CRYPTO_OPENSSL_H_

#include <openssl/err.h>
#include <openssl/evp.h>

#include <memory>

#include "absl/strings/string_view.h"

namespace trusthub::crypto {

template <auto kFree>
struct Freer {
  template <class T>
  void operator()(T* object) const {
    kFree(object);
  }
};

using DigestContext = std::unique_ptr<EVP_MD_CTX, Freer<EVP_MD_CTX_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

// Leaves this thread's queue of OpenSSL errors empty when it goes. To be held wherever a call may
// fail in the ordinary way: an error left behind is taken by the next TLS read on this thread for
// its own.
class CleanErrors {
 public:
  CleanErrors() { ERR_clear_error(); }
  ~CleanErrors() { ERR_clear_error(); }
  CleanErrors(const CleanErrors&) = delete;
  CleanErrors& operator=(const CleanErrors&) = delete;
};

// Ends the process unless `done`; `what` names the OpenSSL call. Prints no data, only the call.
void Require(bool done, const char* what);

inline unsigned char* Bytes(char* data) { return reinterpret_cast<unsigned char*>(data); }
// Never null, also for an empty view: OpenSSL takes a null key as "keep the last key".
inline const unsigned char* Bytes(absl::string_view data) {
  return reinterpret_cast<const unsigned char*>(data.data() == nullptr ? "" : data.data());
}

}  // namespace trusthub::crypto

#endif  // TRUSTHUB_COMMON_CRYPTO_OPENSSL_H_
