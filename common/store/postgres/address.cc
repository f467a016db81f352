#include "common/store/postgres/address.h"

#include <libpq-fe.h>

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"

namespace trusthub::store::postgres {
namespace {

constexpr const char* kFiles[] = {"sslcert", "sslkey", "sslrootcert", "sslcrl", "passfile"};

absl::Status Flaw(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("store: ", what));
}

absl::StatusOr<std::map<std::string, std::string>> Split(const std::string& url) {
  char* problem = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), &problem), &PQconninfoFree);
  // What libpq says of a URL repeats parts of it.
  if (problem != nullptr) PQfreemem(problem);
  if (options == nullptr) {
    return Flaw(
        "is no URL that libpq takes: postgresql://[user@]host[:port]/database[?name=value]");
  }
  std::map<std::string, std::string> given;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val != nullptr && *option->val != '\0') given[option->keyword] = option->val;
  }
  return given;
}

// Whether every host is a socket of this machine.
bool IsLocal(const std::map<std::string, std::string>& given) {
  if (given.count("hostaddr") != 0) return false;
  for (const absl::string_view host : absl::StrSplit(given.at("host"), ',')) {
    if (!absl::StartsWith(host, "/") && !absl::StartsWith(host, "@")) return false;
  }
  return true;
}

std::string ValueOr(const std::map<std::string, std::string>& given, const std::string& key,
                    absl::string_view otherwise) {
  const auto found = given.find(key);
  return found == given.end() ? std::string(otherwise) : found->second;
}

absl::Status SecureNetwork(bool allow_plain, std::map<std::string, std::string>* given) {
  const auto mode = given->emplace("sslmode", allow_plain ? "prefer" : "verify-full").first;
  if (allow_plain) return absl::OkStatus();
  if (mode->second != "verify-full") {
    return Flaw(absl::StrCat("sslmode=", mode->second,
                             " does not check who the server is; use sslmode=verify-full"));
  }
  if (given->count("sslrootcert") == 0) {
    return Flaw(
        "sslrootcert is missing: the file of the authority that issued the server's"
        " certificate");
  }
  given->emplace("ssl_min_protocol_version", "TLSv1.3");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Address> ParseAddress(absl::string_view url, absl::string_view folder,
                                     bool allow_plain) {
  if (!absl::StartsWith(url, "postgresql://") && !absl::StartsWith(url, "postgres://")) {
    return Flaw("must begin with postgresql://");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(auto given, Split(std::string(url)));
  if (given.count("password") != 0) {
    return Flaw(
        "holds a password; put it into a file of libpq's form and name that:"
        " ?passfile=FILE");
  }
  if (given.count("dbname") == 0) return Flaw("names no database");
  // The environment would say it otherwise, and nothing here would know of it.
  if (given.count("host") == 0) return Flaw("names no host");
  for (const char* file : kFiles) {
    const auto found = given.find(file);
    if (found == given.end() || absl::StartsWith(found->second, "/")) continue;
    found->second = absl::StrCat(folder, "/", found->second);
  }
  if (!IsLocal(given)) TRUSTHUB_RETURN_IF_ERROR(SecureNetwork(allow_plain, &given));
  given.emplace("target_session_attrs", "read-write");
  given.emplace("gssencmode", "disable");  // TLS is what is checked for
  given.emplace("application_name", "trusthub");
  given["client_encoding"] = "UTF8";
  Address address;
  address.name = absl::StrCat("postgresql://", given["host"], ":", ValueOr(given, "port", "5432"),
                              "/", given["dbname"]);
  address.parameters = std::move(given);
  return address;
}

std::string SessionName(absl::string_view tree) { return absl::StrCat("trusthub ", tree); }

}  // namespace trusthub::store::postgres
