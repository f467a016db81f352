// File: schema.h
//
// What the protos say that agreements rest on: which fields a kind of record has and of which
// categories they are, and who can ask for it at all.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_SCHEMA_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_SCHEMA_H_

#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/policy/access_lattice.h"
#include "common/policy/policy.h"
#include "google/protobuf/descriptor.h"

namespace trusthub::policy {

struct Schema {
  // Of each kind of record: a field that holds a value, by its path from the message
  // ("trusthub.plans.v1.Plan.actions.outcome"), and the categories that all must be granted before
  // it is given.
  std::map<RecordKind, std::map<std::string, CategorySet>> fields;
  // Who may call methods whose answers are about, or carry, a kind of record.
  std::set<AccessCell> askable;
  // The kind of record that each method is about, by its action in the audit log.
  std::map<std::string, RecordKind> actions;
  // Kinds of record that streams deliver as things happen; all others are given only when asked
  // for.
  std::set<RecordKind> delivered;

  // All categories that any field of the kind has.
  CategorySet CategoriesOf(RecordKind kind) const;
  // All categories that any field of any record has.
  CategorySet Categories() const;
};

// Of every method and record of `files`. What carries no category is left out: services refuse to
// start with it.
Schema SchemaOf(const std::vector<const google::protobuf::FileDescriptor*>& files);

// Every proto of the public contract, as linked into this program.
std::vector<const google::protobuf::FileDescriptor*> ContractFiles();

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_SCHEMA_H_
