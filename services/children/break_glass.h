// File: break_glass.h
//
// Emergency access (domain.md 6.6, step 10): a worker without a relationship opens named kinds of
// information about one child, for the purpose of the call and for an hour. What is then shown is
// decided by the agreements' items for the relation break_glass.
//
// The record is owned by the worker's agency. The councils responsible for the child see it by the
// relation `responsible`; agencies that know the child and own what was opened (RecordKeepers) by
// the relation `released`; told_agencies names all three, and grows when a council becomes
// responsible later, so that its list is complete too. The event BREAK_GLASS_OPENED is the alert:
// it is committed with the record, and their guardians watch for it.
#ifndef TRUSTHUB_SERVICES_CHILDREN_BREAK_GLASS_H_
#define TRUSTHUB_SERVICES_CHILDREN_BREAK_GLASS_H_

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/rpc/call.h"
#include "common/store/transaction.h"
#include "services/children/break_glass_rules.h"
#include "trusthub/children/v1/break_glass_service.pb.h"

namespace trusthub::children {

// Thread-safe: holds no state beside the store.
class BreakGlasses {
 public:
  explicit BreakGlasses(BreakGlassRules rules) : rules_(rules) {}

  // REQUEST_INVALID for a reason without substance or a kind that nobody may open; RECORD_NOT_FOUND
  // for a child that does not exist (the pipeline says the same of one that the worker must not
  // see). While the same worker has the child open for the same purpose, and for all these kinds,
  // the one that lasts is answered: no second alert, and no longer time. Wider kinds make a new
  // record with its own reason.
  absl::StatusOr<v1::OpenBreakGlassResponse> OpenBreakGlass(
      rpc::Call& call, const v1::OpenBreakGlassRequest& request);
  absl::StatusOr<v1::GetBreakGlassResponse> GetBreakGlass(rpc::Call& call,
                                                          const v1::GetBreakGlassRequest& request);
  // Those by workers of the caller's agency, those about children that it is responsible for, and
  // those that opened what it owns, oldest first.
  absl::StatusOr<v1::ListBreakGlassesResponse> ListBreakGlasses(
      rpc::Call& call, const v1::ListBreakGlassesRequest& request);
  // RECORD_NOT_FOUND for agencies that ListBreakGlasses would not tell; STATE_FORBIDS when
  // reviewed; SECOND_PERSON_MISSING for who opened it. NOT_JUSTIFIED ends an access that lasts, in
  // every service as soon as it has the event.
  absl::StatusOr<v1::ReviewBreakGlassResponse> ReviewBreakGlass(
      rpc::Call& call, const v1::ReviewBreakGlassRequest& request);

 private:
  const BreakGlassRules rules_;
};

// Adds the councils that are responsible for `child` now to the emergency accesses about it. Called
// where responsibility changes.
absl::Status TellResponsibleCouncils(store::Transaction& tx, absl::string_view child);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_BREAK_GLASS_H_
