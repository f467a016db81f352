// File: trust_file.h
//
// trust.yaml as text: which trust domain belongs to which agency, and where its CA, CRL and keys
// lie. README.md in this folder describes the format.
#ifndef TRUSTHUB_COMMON_AUTH_TRUST_FILE_H_
#define TRUSTHUB_COMMON_AUTH_TRUST_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "trusthub/directory/v1/directory.pb.h"

namespace trusthub::auth {

struct DomainEntry {
  std::string trust_domain;
  std::string agency;
  directory::v1::AgencyKind kind = directory::v1::AGENCY_KIND_UNSPECIFIED;
  std::string ca;      // path
  std::string crl;     // path
  std::string issuer;  // empty when no users of this domain get tokens; only the hub's may be
  std::string jwks;    // path; empty with `issuer`
};

// `path` is for messages and for relative paths inside. InvalidArgument with path and line when
// anything is missing, unknown, malformed or said twice.
absl::StatusOr<std::vector<DomainEntry>> ParseTrustFile(absl::string_view path,
                                                        const std::string& text);

}  // namespace trusthub::auth

#endif  // TRUSTHUB_COMMON_AUTH_TRUST_FILE_H_
