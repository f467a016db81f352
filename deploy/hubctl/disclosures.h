// File: disclosures.h
//
// Who was told what about a child, asked of every service of a hub and put together: complete, or
// saying exactly what is missing. Every row is checked against the log that it comes from.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_DISCLOSURES_H_
#define TRUSTHUB_DEPLOY_HUBCTL_DISCLOSURES_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "deploy/hubctl/hub_folder.h"
#include "trusthub/audit/v1/disclosure.pb.h"

namespace trusthub::hubctl {

struct DisclosureQuery {
  std::string child;
  std::string purpose = "governance";  // or "subject_rights"
  std::string case_reference = "hubctl";
  // For subject_rights.
  audit::v1::SubjectParty party = audit::v1::SUBJECT_PARTY_UNSPECIFIED;
  int page_size = 200;
};

struct FoundDisclosure {
  std::string service;
  audit::v1::LoggedDisclosure row;
};

// What one service said.
struct ServiceAnswer {
  std::string service;
  int rows = 0;
  absl::Status status;         // why it did not answer in full
  bool knows_nothing = false;  // no one is known to it to answer for the child
};

struct FoundDisclosures {
  std::vector<FoundDisclosure> rows;    // by time, over all services
  std::vector<ServiceAnswer> services;  // all, in the order of kServices
  std::string notice;                   // to be handed over with a list for subjects

  // OK, or UNAVAILABLE naming each service that did not answer in full, and why.
  absl::Status Completeness() const;
};

// Asks every service, whatever others answer. The refusal of the children service, which knows who
// answers for a child: RECORD_NOT_FOUND when it has no such child for the caller. A row whose proof
// does not hold makes its service's answer DATA_LOSS.
absl::StatusOr<FoundDisclosures> FindDisclosures(const Hub& hub, Desk& desk,
                                                 const DisclosureQuery& query);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_DISCLOSURES_H_
