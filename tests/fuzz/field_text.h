// File: field_text.h
//
// Texts for fields of requests: mostly what the field's rule asks for, else what it must refuse.
#ifndef TRUSTHUB_TESTS_FUZZ_FIELD_TEXT_H_
#define TRUSTHUB_TESTS_FUZZ_FIELD_TEXT_H_

#include <random>
#include <string>

#include "google/protobuf/descriptor.h"

namespace trusthub::fuzz {

// References as in script.h; what is no good for the field bears OneHub's kMarker.
std::string FieldText(const google::protobuf::FieldDescriptor& field, const std::string& before,
                      std::mt19937& random);

}  // namespace trusthub::fuzz

#endif  // TRUSTHUB_TESTS_FUZZ_FIELD_TEXT_H_
