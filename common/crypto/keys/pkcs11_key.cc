#include "common/crypto/keys/pkcs11_key.h"

#include <algorithm>
#include <cstring>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/crypto/key_file.h"
#include "common/crypto/keys/pkcs11_module.h"
#include "common/crypto/keys/wrapped_form.h"
#include "common/time/clock.h"

namespace trusthub::crypto {
namespace {

// Between two attempts to reach a token that is not there.
constexpr absl::Duration kBetweenAttempts = absl::Seconds(1);

absl::Status Unavailable(absl::string_view what) { return absl::UnavailableError(what); }

absl::Status Failed(absl::string_view call, CK_RV code) {
  return Unavailable(absl::StrCat("the token refuses ", call, " (", code, ")"));
}

CK_ATTRIBUTE Attribute(CK_ATTRIBUTE_TYPE type, const void* value, std::size_t size) {
  // PKCS#11 takes templates mutable and does not write to these.
  return {type, const_cast<void*>(value), static_cast<CK_ULONG>(size)};
}

// Labels of tokens are padded with blanks to 32 characters.
bool HasLabel(const CK_TOKEN_INFO& info, absl::string_view label) {
  absl::string_view padded(reinterpret_cast<const char*>(info.label), sizeof(info.label));
  return absl::StripTrailingAsciiWhitespace(padded) == label;
}

absl::StatusOr<Secret> ReadPin(const std::string& path) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::string text, ReadSecretFile(path));
  const absl::string_view pin = absl::StripSuffix(text, "\n");
  const bool fits = !pin.empty() && pin.size() <= Secret::kBytesMax;
  Secret secret = fits ? Secret(pin) : Secret();
  Cleanse(text);
  if (!fits) return absl::InvalidArgumentError(absl::StrCat(path, " must hold a PIN"));
  return secret;
}

// A logged-in session with one key. On the module's thread alone.
class Connection {
 public:
  Connection(Pkcs11Module* module, Pkcs11Place place)
      : module_(*module), place_(std::move(place)) {}

  // Connects when there is no connection, or not in this generation of the library.
  absl::Status Need() {
    if (session_ != 0 && generation_ == module_.generation()) return absl::OkStatus();
    session_ = 0;
    const absl::Duration now = MonotonicNow();
    if (next_attempt_.has_value() && now < *next_attempt_) return why_not_;
    why_not_ = Connect();
    next_attempt_.reset();
    if (!why_not_.ok()) next_attempt_ = now + kBetweenAttempts;
    return why_not_;
  }
  // The next Need connects anew.
  void Drop() {
    if (session_ != 0 && generation_ == module_.generation()) {
      module_.functions().C_CloseSession(session_);
    }
    session_ = 0;
  }

  absl::StatusOr<std::string> Wrap(const Secret& form) {
    TRUSTHUB_ASSIGN_OR_RETURN(const CK_OBJECT_HANDLE object, Import(form));
    std::string wrapped(kWrappedKeyBytes, '\0');
    CK_MECHANISM mechanism{CKM_AES_KEY_WRAP, nullptr, 0};
    CK_ULONG size = wrapped.size();
    const CK_RV code =
        functions().C_WrapKey(session_, &mechanism, key_, object,
                              reinterpret_cast<unsigned char*>(wrapped.data()), &size);
    functions().C_DestroyObject(session_, object);
    if (code != CKR_OK) return Failed("C_WrapKey", code);
    if (size != wrapped.size()) return Unavailable("the token wraps keys to another length");
    return wrapped;
  }

  absl::StatusOr<Secret> Unwrap(absl::string_view wrapped) {
    std::string input(wrapped);
    CK_MECHANISM mechanism{CKM_AES_KEY_WRAP, nullptr, 0};
    std::vector<CK_ATTRIBUTE> shape = SessionKey();
    CK_OBJECT_HANDLE object = 0;
    const CK_RV code = functions().C_UnwrapKey(session_, &mechanism, key_,
                                               reinterpret_cast<unsigned char*>(input.data()),
                                               input.size(), shape.data(), shape.size(), &object);
    if (code != CKR_OK) return WhyNotUnwrapped(code);
    Secret form = Secret::OfSize(kWrappedFormBytes);
    CK_ATTRIBUTE value{CKA_VALUE, form.data(), static_cast<CK_ULONG>(form.size())};
    const CK_RV read = functions().C_GetAttributeValue(session_, object, &value, 1);
    functions().C_DestroyObject(session_, object);
    if (read != CKR_OK) return Failed("C_GetAttributeValue", read);
    if (value.ulValueLen != kWrappedFormBytes) return NotWrappedHere();
    return form;
  }

  absl::Status Generate() {
    TRUSTHUB_RETURN_IF_ERROR(OpenSession(CKF_SERIAL_SESSION | CKF_RW_SESSION));
    if (FindKey().ok()) return absl::AlreadyExistsError("the token has a key of that label");
    const CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
    const CK_KEY_TYPE aes = CKK_AES;
    const CK_ULONG bytes = kKeyBytes;
    const CK_BBOOL yes = CK_TRUE;
    const CK_BBOOL no = CK_FALSE;
    std::vector<CK_ATTRIBUTE> shape = {Attribute(CKA_CLASS, &secret, sizeof(secret)),
                                       Attribute(CKA_KEY_TYPE, &aes, sizeof(aes)),
                                       Attribute(CKA_VALUE_LEN, &bytes, sizeof(bytes)),
                                       Attribute(CKA_TOKEN, &yes, sizeof(yes)),
                                       Attribute(CKA_PRIVATE, &yes, sizeof(yes)),
                                       Attribute(CKA_SENSITIVE, &yes, sizeof(yes)),
                                       Attribute(CKA_EXTRACTABLE, &no, sizeof(no)),
                                       Attribute(CKA_WRAP, &yes, sizeof(yes)),
                                       Attribute(CKA_UNWRAP, &yes, sizeof(yes)),
                                       Attribute(CKA_ENCRYPT, &no, sizeof(no)),
                                       Attribute(CKA_DECRYPT, &no, sizeof(no)),
                                       Attribute(CKA_LABEL, place_.key.data(), place_.key.size())};
    CK_MECHANISM mechanism{CKM_AES_KEY_GEN, nullptr, 0};
    const CK_RV code =
        functions().C_GenerateKey(session_, &mechanism, shape.data(), shape.size(), &key_);
    return code == CKR_OK ? absl::OkStatus() : Failed("C_GenerateKey", code);
  }

 private:
  CK_FUNCTION_LIST& functions() { return module_.functions(); }

  absl::Status Connect() {
    if (module_.generation() > 0 && ConnectNow().ok()) return absl::OkStatus();
    // Only a fresh start of the library sees tokens that came or went.
    TRUSTHUB_RETURN_IF_ERROR(module_.Restart());
    return ConnectNow();
  }

  absl::Status ConnectNow() {
    TRUSTHUB_RETURN_IF_ERROR(OpenSession(CKF_SERIAL_SESSION));
    const absl::Status found = FindKey();
    if (!found.ok()) Drop();
    return found;
  }

  absl::Status OpenSession(CK_FLAGS flags) {
    generation_ = module_.generation();
    TRUSTHUB_ASSIGN_OR_RETURN(const CK_SLOT_ID slot, FindSlot());
    if (const CK_RV code = functions().C_OpenSession(slot, flags, nullptr, nullptr, &session_);
        code != CKR_OK) {
      session_ = 0;
      return Failed("C_OpenSession", code);
    }
    const absl::Status in = LogIn();
    if (!in.ok()) Drop();
    return in;
  }

  absl::StatusOr<CK_SLOT_ID> FindSlot() {
    CK_ULONG count = 0;
    CK_RV code = functions().C_GetSlotList(CK_TRUE, nullptr, &count);
    if (code != CKR_OK) return Failed("C_GetSlotList", code);
    std::vector<CK_SLOT_ID> slots(count);
    if (count > 0) code = functions().C_GetSlotList(CK_TRUE, slots.data(), &count);
    if (code != CKR_OK) return Failed("C_GetSlotList", code);
    slots.resize(std::min<std::size_t>(count, slots.size()));
    for (const CK_SLOT_ID slot : slots) {
      CK_TOKEN_INFO info;
      if (functions().C_GetTokenInfo(slot, &info) == CKR_OK && HasLabel(info, place_.token)) {
        return slot;
      }
    }
    return Unavailable(absl::StrCat("token ", place_.token, " is not present"));
  }

  absl::Status LogIn() {
    absl::StatusOr<Secret> pin = ReadPin(place_.pin_file);
    if (!pin.ok()) return Unavailable(pin.status().message());
    const auto refused = [this] {
      return Unavailable(absl::StrCat("token ", place_.token, " refuses the PIN of ",
                                      place_.pin_file,
                                      "; it is not tried again until the file changes"));
    };
    if (ConstantTimeEquals(pin->view(), refused_pin_.view())) return refused();
    const CK_RV code =
        functions().C_Login(session_, CKU_USER, reinterpret_cast<unsigned char*>(pin->data()),
                            static_cast<CK_ULONG>(pin->size()));
    switch (code) {
      case CKR_OK:
      case CKR_USER_ALREADY_LOGGED_IN:
        refused_pin_ = Secret();
        return absl::OkStatus();
      case CKR_PIN_INCORRECT:
      case CKR_PIN_INVALID:
      case CKR_PIN_LEN_RANGE:
      case CKR_PIN_EXPIRED:
      case CKR_PIN_LOCKED:
        refused_pin_ = *std::move(pin);
        return refused();
      default:
        return Failed("C_Login", code);
    }
  }

  absl::Status FindKey() {
    const CK_OBJECT_CLASS secret = CKO_SECRET_KEY;
    const CK_KEY_TYPE aes = CKK_AES;
    std::vector<CK_ATTRIBUTE> wanted = {Attribute(CKA_CLASS, &secret, sizeof(secret)),
                                        Attribute(CKA_KEY_TYPE, &aes, sizeof(aes)),
                                        Attribute(CKA_LABEL, place_.key.data(), place_.key.size())};
    CK_RV code = functions().C_FindObjectsInit(session_, wanted.data(), wanted.size());
    if (code != CKR_OK) return Failed("C_FindObjectsInit", code);
    CK_OBJECT_HANDLE found[2] = {0, 0};
    CK_ULONG count = 0;
    code = functions().C_FindObjects(session_, found, 2, &count);
    functions().C_FindObjectsFinal(session_);
    if (code != CKR_OK) return Failed("C_FindObjects", code);
    if (count != 1) {
      return Unavailable(absl::StrCat("token ", place_.token, " has ",
                                      count == 0 ? "no AES key" : "more than one AES key",
                                      " labelled ", place_.key));
    }
    key_ = found[0];
    return absl::OkStatus();
  }

  // Tokens tell what was tampered with from what is out of order in many ways, some not at all: one
  // that unwraps what it wraps is in order.
  absl::Status WhyNotUnwrapped(CK_RV code) {
    const absl::Status refused = Failed("C_UnwrapKey", code);
    if (trying_) return refused;
    trying_ = true;
    absl::StatusOr<std::string> wrapped = Wrap(Secret::Random(kWrappedFormBytes));
    const bool works = wrapped.ok() && Unwrap(*wrapped).ok();
    trying_ = false;
    return works ? NotWrappedHere() : refused;
  }

  // An object that lives while its use does and may be read: the bytes of a wrapped form.
  static std::vector<CK_ATTRIBUTE> SessionKey() {
    static const CK_OBJECT_CLASS kClass = CKO_SECRET_KEY;
    static const CK_KEY_TYPE kType = CKK_GENERIC_SECRET;
    static const CK_BBOOL kYes = CK_TRUE;
    static const CK_BBOOL kNo = CK_FALSE;
    return {Attribute(CKA_CLASS, &kClass, sizeof(kClass)),
            Attribute(CKA_KEY_TYPE, &kType, sizeof(kType)), Attribute(CKA_TOKEN, &kNo, sizeof(kNo)),
            Attribute(CKA_SENSITIVE, &kNo, sizeof(kNo)),
            Attribute(CKA_EXTRACTABLE, &kYes, sizeof(kYes))};
  }

  absl::StatusOr<CK_OBJECT_HANDLE> Import(const Secret& form) {
    std::vector<CK_ATTRIBUTE> shape = SessionKey();
    shape.push_back(Attribute(CKA_VALUE, form.view().data(), form.size()));
    CK_OBJECT_HANDLE object = 0;
    const CK_RV code = functions().C_CreateObject(session_, shape.data(), shape.size(), &object);
    if (code != CKR_OK) return Failed("C_CreateObject", code);
    return object;
  }

  Pkcs11Module& module_;
  const Pkcs11Place place_;
  CK_SESSION_HANDLE session_ = 0;
  CK_OBJECT_HANDLE key_ = 0;
  int generation_ = 0;
  std::optional<absl::Duration> next_attempt_;
  absl::Status why_not_;
  Secret refused_pin_;
  bool trying_ = false;
};

class Pkcs11Key final : public KeyWrapper {
 public:
  Pkcs11Key(absl::string_view id, Pkcs11Module* module, const Pkcs11Place& place)
      : id_(id), module_(*module), connection_(std::make_shared<Connection>(module, place)) {}

  const std::string& id() const override { return id_; }

  absl::StatusOr<std::string> Wrap(const Secret& key, absl::string_view associated) override {
    TRUSTHUB_ASSIGN_OR_RETURN(Secret form, FormOf(key, associated));
    // Shared with the module's thread, which may outstay the caller.
    const auto shared = std::make_shared<const Secret>(std::move(form));
    const auto wrapped = std::make_shared<std::string>();
    TRUSTHUB_RETURN_IF_ERROR(Run([shared, wrapped](Connection& connection) {
      absl::StatusOr<std::string> made = connection.Wrap(*shared);
      if (made.ok()) *wrapped = *std::move(made);
      return made.status();
    }));
    return *std::move(wrapped);
  }

  absl::StatusOr<Secret> Unwrap(absl::string_view wrapped, absl::string_view associated) override {
    if (wrapped.size() != kWrappedKeyBytes) return NotWrappedHere();
    const auto form = std::make_shared<Secret>();
    TRUSTHUB_RETURN_IF_ERROR(Run([form, bytes = std::string(wrapped)](Connection& connection) {
      absl::StatusOr<Secret> opened = connection.Unwrap(bytes);
      if (opened.ok()) *form = *std::move(opened);
      return opened.status();
    }));
    return KeyOfForm(*form, associated);
  }

 private:
  // A connection that broke since is made anew, once.
  absl::Status Run(std::function<absl::Status(Connection&)> use) const {
    return module_.Run([connection = connection_, use = std::move(use)] {
      TRUSTHUB_RETURN_IF_ERROR(connection->Need());
      absl::Status used = use(*connection);
      if (!absl::IsUnavailable(used)) return used;
      connection->Drop();
      TRUSTHUB_RETURN_IF_ERROR(connection->Need());
      used = use(*connection);
      if (absl::IsUnavailable(used)) connection->Drop();
      return used;
    });
  }

  const std::string id_;
  Pkcs11Module& module_;
  const std::shared_ptr<Connection> connection_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<KeyWrapper>> OpenPkcs11Key(absl::string_view id,
                                                          const Pkcs11Place& place) {
  TRUSTHUB_ASSIGN_OR_RETURN(Pkcs11Module* const module, Pkcs11Module::Load(place.module));
  return std::make_unique<Pkcs11Key>(id, module, place);
}

absl::Status GeneratePkcs11Key(const Pkcs11Place& place) {
  TRUSTHUB_ASSIGN_OR_RETURN(Pkcs11Module* const module, Pkcs11Module::Load(place.module));
  return module->Run([module, place] {
    TRUSTHUB_RETURN_IF_ERROR(module->Restart());
    Connection connection(module, place);
    const absl::Status made = connection.Generate();
    connection.Drop();
    return made;
  });
}

}  // namespace trusthub::crypto
