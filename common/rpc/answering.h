// File: answering.h
//
// Which agency answers for what the hub itself keeps of a child: the index, which belongs to no
// agency.
#ifndef TRUSTHUB_COMMON_RPC_ANSWERING_H_
#define TRUSTHUB_COMMON_RPC_ANSWERING_H_

#include "absl/strings/string_view.h"
#include "trusthub/internal/v1/projection.pb.h"

namespace trusthub::rpc {

// The councils that are or were responsible; where none ever was, whoever holds the child.
inline bool AnswersForIndex(const internal::v1::ChildFacts& facts, absl::string_view agency) {
  bool anyone_responsible = false;
  bool holds = false;
  for (const events::v1::InvolvementFact& involvement : facts.involvements()) {
    const bool own = involvement.agency() == agency;
    if (involvement.kind() == "RESPONSIBLE") {
      if (own) return true;
      anyone_responsible = true;
    }
    holds = holds || (own && involvement.kind() == "HOLDING");
  }
  return holds && !anyone_responsible;
}

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_ANSWERING_H_
