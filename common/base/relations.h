// File: relations.h
//
// The words in which projected facts answer policy's questions: how an agency stands to a child,
// and what is known of the child. Below both rooms, so that neither includes the other.
#ifndef TRUSTHUB_COMMON_BASE_RELATIONS_H_
#define TRUSTHUB_COMMON_BASE_RELATIONS_H_

#include <cstdint>

namespace trusthub::policy {

// How the caller's agency relates to the record or its child. A set of bits.
enum Relation : std::uint32_t {
  kOwner = 1u << 0,        // owns the record
  kAuthor = 1u << 1,       // made the record
  kHolding = 1u << 2,      // holds a record of the child
  kReferrer = 1u << 3,     // referred the child
  kResponsible = 1u << 4,  // is the council responsible for the child's case
  kEnquiry = 1u << 5,      // takes part in a strategy discussion or section 47 enquiry
  kCoreGroup = 1u << 6,    // is in the core group of the child's plan
  kPresenting = 1u << 7,   // the child is presenting there now
  kPublic = 1u << 8,       // the record is about no child (the directory)
};

// Flags of the child that agreements may ask for. A set of bits.
enum ChildFlag : std::uint32_t {
  kProtectionPlan = 1u << 0,
  kLookedAfter = 1u << 1,
};

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_BASE_RELATIONS_H_
