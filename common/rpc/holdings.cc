#include "common/rpc/holdings.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "common/base/status_macros.h"
#include "common/policy/agreement_reader.h"
#include "common/store/walk.h"
#include "common/time/civil_date.h"
#include "google/protobuf/descriptor.h"

namespace trusthub::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using retention::v1::GetHoldingsResponse;

using Marks = std::map<std::string, std::string>;

bool IsPart(const FieldDescriptor& field) {
  return field.message_type() != nullptr &&
         !field.message_type()->options().GetExtension(options::v1::value) &&
         field.message_type()->file()->package() != "google.protobuf";
}

Marks MarksOf(const Message& record) {
  Marks marks;
  const google::protobuf::Descriptor& type = *record.GetDescriptor();
  const google::protobuf::Reflection& reflection = *record.GetReflection();
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.is_repeated()) continue;
    if (field.enum_type() != nullptr) {
      marks[field.name()] = policy::ShortName(*reflection.GetEnum(record, &field));
    } else if (IsPart(field)) {
      marks[field.name()] = reflection.HasField(record, &field) ? "present" : "absent";
    }
  }
  return marks;
}

// Records alike.
struct Alike {
  int records = 0;
  absl::Time newest = absl::InfinitePast();
};
using Groups = std::map<std::tuple<int, std::string, Marks>, Alike>;

absl::Status AddRecord(store::Snapshot& snapshot, const store::StoredRecord& stored,
                       const RecordTypes& types, Groups* groups) {
  Marks marks;
  if (const auto type = types.find(stored.kind); type != types.end()) {
    const std::unique_ptr<Message> record(type->second->New());
    if (!record->ParseFromString(stored.bytes)) {
      return absl::DataLossError("a stored record does not parse");
    }
    marks = MarksOf(*record);
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<store::StoredVersion> versions,
                            snapshot.Versions(stored.name));
  if (versions.empty()) return absl::DataLossError("a stored record has no version");
  Alike& group = (*groups)[{stored.kind, stored.owner_agency, std::move(marks)}];
  ++group.records;
  group.newest = std::max(group.newest, versions.back().written);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<GetHoldingsResponse> HoldingsOf(store::Snapshot& snapshot, absl::string_view child,
                                               const RecordTypes& types) {
  Groups groups;
  TRUSTHUB_RETURN_IF_ERROR(
      store::ForEachRecordOf(snapshot, child, [&](const store::StoredRecord& stored) {
        return AddRecord(snapshot, stored, types, &groups);
      }));
  GetHoldingsResponse response;
  for (const auto& [key, alike] : groups) {
    const auto& [kind, owner, marks] = key;
    retention::v1::HeldRecords& held = *response.add_holdings();
    held.set_record_kind(static_cast<options::v1::RecordKind>(kind));
    held.set_owner_agency(owner);
    held.set_records(alike.records);
    *held.mutable_update_time() = TimeToProto(alike.newest);
    for (const auto& [field, value] : marks) {
      retention::v1::HoldingMark& mark = *held.add_marks();
      mark.set_field(field);
      mark.set_value(value);
    }
  }
  return response;
}

absl::StatusOr<GetHoldingsResponse> Holdings::GetHoldings(
    Call& call, const retention::v1::GetHoldingsRequest& request) {
  return HoldingsOf(call.tx.snapshot(), request.held_child(), types_);
}

Routes HoldingsRoutes(Holdings* holdings) {
  Routes routes(retention::v1::GetHoldingsRequest::descriptor()->file());
  routes.Add(&Holdings::GetHoldings, holdings);
  return routes;
}

}  // namespace trusthub::rpc
