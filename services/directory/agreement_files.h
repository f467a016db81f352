// File: agreement_files.h
//
// The files of a set of agreements: what may stand in one, and what it compiles to. Pure.
#ifndef TRUSTHUB_SERVICES_DIRECTORY_AGREEMENT_FILES_H_
#define TRUSTHUB_SERVICES_DIRECTORY_AGREEMENT_FILES_H_

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/policy/policy.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "trusthub/events/v1/fact.pb.h"
#include "trusthub/policy/v1/agreement_set.pb.h"

namespace trusthub::directory {

using AgreementFiles = google::protobuf::RepeatedPtrField<policy::v1::AgreementText>;

// The files as the compiler takes them, by name: the version of a set does not depend on the order
// in which its files were sent.
std::vector<policy::AgreementText> TextsOf(const AgreementFiles& files);
AgreementFiles FilesOf(const std::vector<policy::AgreementText>& texts);
events::v1::AgreementsFact FactOf(absl::string_view version, const AgreementFiles& files);

// The compiled set. REQUEST_INVALID with every file's first error, at agreement_set.files[i].text
// as `file:line: what is wrong; what to do`, and with names that no folder of agreements could
// hold; as many as an answer carries.
absl::StatusOr<std::shared_ptr<const policy::Agreements>> CompileProposed(
    const AgreementFiles& files);

}  // namespace trusthub::directory

#endif  // TRUSTHUB_SERVICES_DIRECTORY_AGREEMENT_FILES_H_
