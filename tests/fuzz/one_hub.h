// File: one_hub.h
//
// Every method of all six services on one path, over one store: real method tables, handlers,
// agreements, log and SQLite, with neither network nor certificates. Built once; each input begins
// with the store as it was after building, so that an input alone repeats what it found.
#ifndef TRUSTHUB_TESTS_FUZZ_ONE_HUB_H_
#define TRUSTHUB_TESTS_FUZZ_ONE_HUB_H_

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "common/audit/spool.h"
#include "common/crypto/crypto.h"
#include "common/rpc/agreement_sets.h"
#include "common/rpc/decisions.h"
#include "common/rpc/evidence.h"
#include "common/rpc/host.h"
#include "common/rpc/pipeline.h"
#include "common/testing/fake_clock.h"
#include "common/testing/temp_folder.h"

namespace trusthub::fuzz {

struct Answer {
  absl::Status status;
  std::string bytes;
};

// What is sent; `worker` is an id of the shipped directory file, or "service:NAME" of the hub's
// own.
struct SentCall {
  const rpc::Method* method = nullptr;
  std::string worker;
  std::string purpose;
  std::string case_reference;
  std::string request;  // serialised
};

// Not thread-safe; its calls run on threads of their own.
class OneHub {
 public:
  OneHub();
  ~OneHub();

  const std::vector<std::unique_ptr<rpc::Method>>& methods() const { return methods_->methods(); }
  // Null when there is none of that name.
  const rpc::Method* MethodNamed(absl::string_view name) const;
  const std::vector<std::string>& workers() const { return worker_ids_; }
  options::v1::Role RoleOf(absl::string_view worker) const;

  // Forgets every call since it was built, and sets the clocks back.
  void Reset();
  // Sets both clocks on; between two calls no time passes, however slow the machine is.
  void Advance(absl::Duration by);
  // Ends the process when a promise is broken: one completion; no answer without a durable leaf
  // over exactly its bytes; no refusal that leaves no trace; never INTERNAL; nothing echoed that is
  // marked by kMarker; a mutation sent twice changes nothing more.
  Answer Run(const SentCall& sent);
  // The whole log verifies; nothing waits in the spool. `reopen`: and it is all there again when
  // the store is opened anew.
  void CheckSound(bool reopen);

 private:
  class Authenticator;
  class Services;

  void MakeMethods();
  void LoadDirectory();
  void OpenStore();
  void CloseStore();
  Answer Call(const SentCall& sent);
  void CheckLeaf(const SentCall& sent, const Answer& answer, std::int64_t before);
  void TakeUpEvents();
  std::int64_t LeafCount();
  std::int64_t EventCount();

  testing::FakeClock real_, domain_;
  testing::TempFolder folder_;
  std::unique_ptr<crypto::SigningKey> key_;
  proto::PageTokens page_tokens_{std::string(32, 't')};
  std::unique_ptr<audit::Pseudonyms> pseudonyms_;
  std::shared_ptr<const policy::Agreements> agreements_;
  std::unique_ptr<rpc::AgreementSets> sets_;
  std::unique_ptr<Authenticator> authenticator_;
  std::unique_ptr<Services> services_;
  std::unique_ptr<rpc::Metrics> metrics_;
  events::StandingRules standing_rules_;
  config::Config config_;
  std::vector<rpc::ServiceParts> parts_;
  std::unique_ptr<rpc::Evidence> evidence_;
  std::unique_ptr<rpc::Decisions> decisions_;
  std::unique_ptr<rpc::MethodTable> methods_;
  std::map<std::string, const rpc::Method*, std::less<>> by_name_;
  std::vector<std::string> worker_ids_;
  std::unique_ptr<rpc::Executor> executor_;
  std::unique_ptr<audit::Spool> spool_;
  // Of the current input.
  std::unique_ptr<store::LeafSequencer> tree_;
  std::unique_ptr<store::Store> store_;
  std::unique_ptr<rpc::Pipeline> pipeline_;
  std::int64_t events_taken_up_ = 0;
};

// Stands in texts of requests for what nobody may repeat.
inline constexpr char kMarker[] = "Qzx";

}  // namespace trusthub::fuzz

#endif  // TRUSTHUB_TESTS_FUZZ_ONE_HUB_H_
