#include "common/rpc/record_types.h"

#include <set>

namespace trusthub::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::Message;

void Collect(const Descriptor* type, std::set<const Descriptor*>* seen, RecordTypes* types) {
  if (!seen->insert(type).second) return;
  const auto& record = type->options().GetExtension(options::v1::record);
  if (record.kind() != options::v1::RECORD_KIND_UNSPECIFIED) {
    types->emplace(record.kind(),
                   google::protobuf::MessageFactory::generated_factory()->GetPrototype(type));
  }
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->message_type() != nullptr) {
      Collect(type->field(i)->message_type(), seen, types);
    }
  }
}

}  // namespace

RecordTypes RecordTypesOf(const std::vector<Routes>& routes) {
  RecordTypes types;
  std::set<const Descriptor*> seen;
  for (const Routes& each : routes) {
    for (const Route& route : each.routes()) {
      Collect(route.response_prototype->GetDescriptor(), &seen, &types);
    }
  }
  return types;
}

}  // namespace trusthub::rpc
