// File: agreement_reader.h
//
// Reads an agreement file, as strictly as the schema (trusthub/policy/v1/agreement.proto) is
// written: an unknown key or value, a key given twice, an empty list or an empty text is an error.
#ifndef TRUSTHUB_COMMON_POLICY_AGREEMENT_READER_H_
#define TRUSTHUB_COMMON_POLICY_AGREEMENT_READER_H_

#include <map>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "google/protobuf/message.h"
#include "trusthub/policy/v1/agreement.pb.h"

namespace trusthub::policy {

// An agreement and where each part of it stands in its file.
class AgreementFile {
 public:
  explicit AgreementFile(absl::string_view path)
      : path_(path), agreement_(std::make_unique<v1::Agreement>()) {}

  const std::string& path() const { return path_; }
  const v1::Agreement& agreement() const { return *agreement_; }

  // Line of a field of `part`, which must lie in agreement(); of `part` itself when the field is
  // not in the file. From 1.
  int Line(const google::protobuf::Message& part, int field) const;
  bool Has(const google::protobuf::Message& part, int field) const;

  // InvalidArgument "path:line: what".
  absl::Status Error(int line, absl::string_view what) const;

 private:
  friend class AgreementReader;

  const std::string path_;
  std::unique_ptr<v1::Agreement> agreement_;  // stays in place: lines_ points into it
  std::map<std::pair<const google::protobuf::Message*, int>, int> lines_;  // field 0: the message
};

// Reads one file's text. Says nothing about what the agreement means; see agreement_checks.h.
absl::StatusOr<AgreementFile> ReadAgreement(absl::string_view path, absl::string_view text);

// "social_worker" of ROLE_SOCIAL_WORKER: how agreement files and explanations spell enum values.
std::string ShortName(const google::protobuf::EnumValueDescriptor& value);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_AGREEMENT_READER_H_
