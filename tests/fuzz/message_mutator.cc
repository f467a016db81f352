#include "tests/fuzz/message_mutator.h"

#include <array>
#include <limits>
#include <utility>

#include "google/protobuf/descriptor.h"

namespace trusthub::fuzz {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

namespace {

// Messages may hold messages of their own type.
constexpr int kDepthMax = 5;

// A few changed bytes.
std::string ChangeBytes(std::string text, std::mt19937& random) {
  const auto below = [&](std::size_t n) { return n == 0 ? 0 : random() % n; };
  const std::size_t at = below(text.size() + 1);
  switch (below(5)) {
    case 0:
      text.insert(at, 1, static_cast<char>(random()));
      break;
    case 1:
      text.erase(at, 1 + below(4));
      break;
    case 2:
      if (at < text.size()) text[at] ^= static_cast<char>(1U << below(8));
      break;
    case 3:
      text.insert(at, text.substr(below(text.size() + 1)));
      if (text.size() > 4096) text.resize(4096);
      break;
    default:
      text.clear();
      break;
  }
  return text;
}

}  // namespace

MessageMutator::MessageMutator(unsigned seed, MutateText mutate_text)
    : random_(seed), mutate_text_(std::move(mutate_text)) {}

std::uint32_t MessageMutator::Below(std::uint32_t count) {
  return count == 0 ? 0 : static_cast<std::uint32_t>(random_()) % count;
}

void MessageMutator::Mutate(Message* message) {
  for (std::uint32_t changes = 1 + Below(3); changes > 0; --changes) ChangeOnce(message, 0);
}

void MessageMutator::Fill(Message* message) { FillDown(message, 0); }

void MessageMutator::ChangeOnce(Message* message, int depth) {
  const Descriptor* type = message->GetDescriptor();
  if (type->field_count() == 0) return;
  ChangeField(message,
              type->field(static_cast<int>(Below(static_cast<std::uint32_t>(type->field_count())))),
              depth);
}

void MessageMutator::ChangeField(Message* message, const FieldDescriptor* field, int depth) {
  const Reflection* reflection = message->GetReflection();
  if (field->is_repeated()) return ChangeRepeated(message, field, depth);
  if (Below(8) == 0) return reflection->ClearField(message, field);
  if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) return SetScalar(message, field, -1);
  if (depth < kDepthMax) ChangeOnce(reflection->MutableMessage(message, field), depth + 1);
}

void MessageMutator::ChangeRepeated(Message* message, const FieldDescriptor* field, int depth) {
  const Reflection* reflection = message->GetReflection();
  const int size = reflection->FieldSize(*message, field);
  const bool is_message = field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE;
  const auto some = [&] { return static_cast<int>(Below(static_cast<std::uint32_t>(size))); };
  switch (size == 0 ? 0 : Below(5)) {
    case 0:
      if (!is_message) {
        SetScalar(message, field, size);
      } else if (depth < kDepthMax) {
        ChangeOnce(reflection->AddMessage(message, field), depth + 1);
      }
      break;
    case 1:
      reflection->RemoveLast(message, field);
      break;
    case 2:
      reflection->SwapElements(message, field, some(), some());
      break;
    case 3:
      if (is_message && size < 64) {
        Message* copy = reflection->AddMessage(message, field);
        copy->CopyFrom(reflection->GetRepeatedMessage(*message, field, some()));
        break;
      }
      [[fallthrough]];
    default:
      if (!is_message) {
        SetScalar(message, field, some());
      } else if (depth < kDepthMax) {
        ChangeOnce(reflection->MutableRepeatedMessage(message, field, some()), depth + 1);
      }
      break;
  }
}

void MessageMutator::FillDown(Message* message, int depth) {
  const Descriptor* type = message->GetDescriptor();
  const Reflection* reflection = message->GetReflection();
  for (int i = 0; i < type->field_count(); ++i) {
    const FieldDescriptor* field = type->field(i);
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      SetScalar(message, field, field->is_repeated() ? reflection->FieldSize(*message, field) : -1);
    } else if (depth < kDepthMax) {
      FillDown(field->is_repeated() ? reflection->AddMessage(message, field)
                                    : reflection->MutableMessage(message, field),
               depth + 1);
    }
  }
}

std::int64_t MessageMutator::Number() {
  constexpr std::array<std::int64_t, 12> kEdges = {0,
                                                   1,
                                                   -1,
                                                   7,
                                                   127,
                                                   2010,
                                                   1'268'733'600,
                                                   253'402'300'799,
                                                   std::numeric_limits<std::int32_t>::max(),
                                                   std::numeric_limits<std::int32_t>::min(),
                                                   std::numeric_limits<std::int64_t>::max(),
                                                   std::numeric_limits<std::int64_t>::min()};
  switch (Below(3)) {
    case 0:
      return kEdges[Below(kEdges.size())];
    case 1:
      return Below(40);
    default:
      return static_cast<std::int64_t>(std::uint64_t{random_()} << 32 | random_());
  }
}

std::string MessageMutator::Text(const FieldDescriptor& field, const std::string& text) {
  return mutate_text_ ? mutate_text_(field, text, random_) : ChangeBytes(text, random_);
}

// Element `index` of a repeated field, one past the last to add it; -1 for a single field.
void MessageMutator::SetScalar(Message* message, const FieldDescriptor* field, int index) {
  const Reflection* reflection = message->GetReflection();
  const bool add = index >= 0 && index == reflection->FieldSize(*message, field);
  const auto put = [&](auto set, auto set_repeated, auto add_one, auto value) {
    if (index < 0) return (reflection->*set)(message, field, value);
    if (add) return (reflection->*add_one)(message, field, value);
    (reflection->*set_repeated)(message, field, index, value);
  };
  switch (field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return put(&Reflection::SetInt32, &Reflection::SetRepeatedInt32, &Reflection::AddInt32,
                 static_cast<std::int32_t>(Number()));
    case FieldDescriptor::CPPTYPE_INT64:
      return put(&Reflection::SetInt64, &Reflection::SetRepeatedInt64, &Reflection::AddInt64,
                 Number());
    case FieldDescriptor::CPPTYPE_UINT32:
      return put(&Reflection::SetUInt32, &Reflection::SetRepeatedUInt32, &Reflection::AddUInt32,
                 static_cast<std::uint32_t>(Number()));
    case FieldDescriptor::CPPTYPE_UINT64:
      return put(&Reflection::SetUInt64, &Reflection::SetRepeatedUInt64, &Reflection::AddUInt64,
                 static_cast<std::uint64_t>(Number()));
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return put(&Reflection::SetDouble, &Reflection::SetRepeatedDouble, &Reflection::AddDouble,
                 static_cast<double>(Number()));
    case FieldDescriptor::CPPTYPE_FLOAT:
      return put(&Reflection::SetFloat, &Reflection::SetRepeatedFloat, &Reflection::AddFloat,
                 static_cast<float>(Number()));
    case FieldDescriptor::CPPTYPE_BOOL:
      return put(&Reflection::SetBool, &Reflection::SetRepeatedBool, &Reflection::AddBool,
                 Below(2) == 1);
    case FieldDescriptor::CPPTYPE_ENUM: {
      // One more than there are: a value that nobody knows.
      const auto count = static_cast<std::uint32_t>(field->enum_type()->value_count());
      const std::uint32_t picked = Below(count + 1);
      const int value =
          picked == count ? 9'999 : field->enum_type()->value(static_cast<int>(picked))->number();
      return put(&Reflection::SetEnumValue, &Reflection::SetRepeatedEnumValue,
                 &Reflection::AddEnumValue, value);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string before;
      if (index < 0) before = reflection->GetString(*message, field);
      if (index >= 0 && !add) before = reflection->GetRepeatedString(*message, field, index);
      std::string after = Text(*field, before);
      if (index < 0) return reflection->SetString(message, field, std::move(after));
      if (add) return reflection->AddString(message, field, std::move(after));
      return reflection->SetRepeatedString(message, field, index, std::move(after));
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return;
  }
}

}  // namespace trusthub::fuzz
