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
  // The next two are of the very worker, not only of the agency.
  kAllocated = 1u << 9,     // the child is allocated to the worker
  kBreakGlass = 1u << 10,   // the worker opened emergency access to the child
  kReleased = 1u << 11,     // the record was released to the agency by name
  kAsked = 1u << 12,        // the council asked the agency a question about the child
  kActionOwner = 1u << 13,  // does an action of the child's plan
};

// Flags of the child that agreements may ask for. A set of bits.
enum ChildFlag : std::uint32_t {
  kProtectionPlan = 1u << 0,
  kLookedAfter = 1u << 1,
  kLiveEnquiry = 1u << 2,  // a section 47 enquiry is live
};

// What consent says about the caller's agency and purpose, at one instant. The numbers stand in
// audit entries.
enum class ConsentStanding : std::uint8_t {
  kNone = 0,         // not sought, not in scope, or out of date
  kGiven = 1,        // given, in scope, in date
  kRefused = 2,      // refused, withdrawn, or the agency is excluded
  kOverridden = 3,   // a live override names the agency, whatever consent says
  kNotRequired = 4,  // recorded as not required in law; counts as given
};

// How a worker of an agency stands to one child at one instant: all that facts of other services
// say to a decision.
struct Standing {
  std::uint32_t relations = 0;    // Relation bits
  std::uint32_t child_flags = 0;  // ChildFlag bits
  ConsentStanding consent = ConsentStanding::kNone;
  std::uint64_t break_glass_categories = 0;  // a bit for each options::v1::Category
  // The worker must not see the child: every relation above is gone, owner and author count for
  // nothing, and the answer is that for a child who does not exist.
  bool conflicted = false;

  friend bool operator==(const Standing&, const Standing&) = default;
};

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_BASE_RELATIONS_H_
