// File: method_table.h
//
// Everything known of each method before the first call: its rule, its handler, its field checks
// and its grant plan, compiled from the schema. A method without a rule or a handler, a response
// field without a category, a subject path that leads nowhere: each stops the service at start, by
// name.
#ifndef TRUSTHUB_COMMON_RPC_METHOD_TABLE_H_
#define TRUSTHUB_COMMON_RPC_METHOD_TABLE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/policy/policy.h"
#include "common/proto/field_rules.h"
#include "common/rpc/routes.h"
#include "google/protobuf/descriptor.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::rpc {

struct Method {
  const google::protobuf::MethodDescriptor* descriptor = nullptr;
  options::v1::MethodRule rule;
  std::string path;            // "/trusthub.referrals.v1.ReferralsService/GetReferral"
  std::uint64_t roles = 0;     // one bit a role
  std::uint64_t purposes = 0;  // one bit a purpose
  absl::Duration timeout;      // the hub's own ceiling
  Route route;                 // handler is null for streams
  std::unique_ptr<proto::FieldRules> field_rules;
  std::unique_ptr<policy::GrantPlan> grant_plan;
  std::vector<const google::protobuf::FieldDescriptor*> subject_path;  // empty without a subject
  const google::protobuf::FieldDescriptor* request_id = nullptr;       // of mutating methods
  const google::protobuf::FieldDescriptor* disclosure = nullptr;       // of the response

  bool MayCall(options::v1::Role role, options::v1::Purpose purpose) const {
    return ((roles >> role) & 1) != 0 && ((purposes >> purpose) & 1) != 0;
  }
  // Whether the service of the hub whose SPIFFE id has this path ("/service/referrals") may call it
  // by its certificate alone.
  bool IsForService(absl::string_view system) const;
  // The value at subject_path; empty without one.
  absl::string_view SubjectOf(const google::protobuf::Message& request) const;
};

// Immutable once made.
class MethodTable {
 public:
  // Compiles the services of all `routes`. Errors name the method or field and what is missing.
  static absl::StatusOr<std::unique_ptr<MethodTable>> Compile(
      const std::vector<Routes>& routes, const std::shared_ptr<const proto::CodeSets>& code_sets);

  const std::vector<std::unique_ptr<Method>>& methods() const { return methods_; }

 private:
  std::vector<std::unique_ptr<Method>> methods_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_METHOD_TABLE_H_
