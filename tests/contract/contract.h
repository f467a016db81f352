// File: contract.h
//
// The public contract as descriptors, and what every part of it must say about itself. The checks
// look at descriptors alone: a new method or field is tested before anybody writes a test for it.
#ifndef TRUSTHUB_TESTS_CONTRACT_CONTRACT_H_
#define TRUSTHUB_TESTS_CONTRACT_CONTRACT_H_

#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "google/protobuf/descriptor.h"

namespace trusthub::contract {

using Files = std::vector<const google::protobuf::FileDescriptor*>;
using Descriptors = std::set<const google::protobuf::Descriptor*>;
// What breaks the contract, one line each: "trusthub.plans.v1.Plan.child: ...".
using Complaints = std::vector<std::string>;

// Every proto file under `folder`/trusthub, found in the linked program. A file that is not linked
// is a complaint, so that none escapes the walk.
Files LinkedFiles(absl::string_view folder, Complaints* complaints);

std::vector<const google::protobuf::MethodDescriptor*> MethodsOf(const Files& files);
bool IsRecord(const google::protobuf::Descriptor* message);
// Values such as dates: their fields take the category of the field that holds them.
bool IsValue(const google::protobuf::Descriptor* message);
// `roots` and every message of ours inside them; what lies inside values is left out.
Descriptors Closure(const Descriptors& roots);
Descriptors Requests(const Files& files);
Descriptors Responses(const Files& files);
// Records of the files, whether or not a method gives them.
Descriptors Records(const Files& files);

// Each method: a rule with a unique action, a record kind, purposes, roles and a subject that leads
// to a name; its own request and response; request_id when it mutates; name and etag when it
// changes a record that exists; a subject whenever it names a child's record.
Complaints CheckMethods(const Files& files);

// Each field of a request, record or answer: a category; of a request or record: a behaviour;
// formats that fit their type, with the collection or code set that they need. `has_code_set` says
// which sets are published.
Complaints CheckFields(const Files& files,
                       const std::function<bool(absl::string_view)>& has_code_set);

// Lists are paged; answers carry their Disclosure; records have their head; enums start with
// UNSPECIFIED; collections are unique.
Complaints CheckShapes(const Files& files);

}  // namespace trusthub::contract

#endif  // TRUSTHUB_TESTS_CONTRACT_CONTRACT_H_
