// File: message_mutator.h
//
// Changes messages by their descriptors, so that what a fuzzer sends is nearly always a message of
// the type. (libprotobuf-mutator would do it; Debian 12 has none.)
#ifndef TRUSTHUB_TESTS_FUZZ_MESSAGE_MUTATOR_H_
#define TRUSTHUB_TESTS_FUZZ_MESSAGE_MUTATOR_H_

#include <cstdint>
#include <functional>
#include <random>
#include <string>

#include "google/protobuf/message.h"

namespace trusthub::fuzz {

class MessageMutator {
 public:
  // Makes another text of `text`, which may be empty, for this field; null: a few changed bytes.
  using MutateText = std::function<std::string(const google::protobuf::FieldDescriptor& field,
                                               const std::string& text, std::mt19937& random)>;

  // The same seed makes the same changes.
  explicit MessageMutator(unsigned seed, MutateText mutate_text = nullptr);

  // One to three changes: a field set, cleared, changed, an element added, removed or doubled,
  // here or in any message inside.
  void Mutate(google::protobuf::Message* message);
  // Every field set that a message of the type may have, down to a bounded depth.
  void Fill(google::protobuf::Message* message);

  std::mt19937& random() { return random_; }
  std::uint32_t Below(std::uint32_t count);

 private:
  void ChangeOnce(google::protobuf::Message* message, int depth);
  void ChangeField(google::protobuf::Message* message,
                   const google::protobuf::FieldDescriptor* field, int depth);
  void ChangeRepeated(google::protobuf::Message* message,
                      const google::protobuf::FieldDescriptor* field, int depth);
  void SetScalar(google::protobuf::Message* message, const google::protobuf::FieldDescriptor* field,
                 int index);
  void FillDown(google::protobuf::Message* message, int depth);
  std::int64_t Number();
  std::string Text(const google::protobuf::FieldDescriptor& field, const std::string& text);

  std::mt19937 random_;
  const MutateText mutate_text_;
};

}  // namespace trusthub::fuzz

#endif  // TRUSTHUB_TESTS_FUZZ_MESSAGE_MUTATOR_H_
