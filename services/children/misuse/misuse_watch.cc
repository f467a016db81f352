#include "services/children/misuse/misuse_watch.h"

#include <thread>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/strings/str_cat.h"
#include "common/base/limits.h"
#include "common/base/mutex.h"
#include "common/base/status_macros.h"
#include "common/error/error.h"
#include "common/log/log.h"

namespace trusthub::children {
namespace {

// Entries of one batch: the longest, of lists of 200 records, have some 16 KiB each.
constexpr int kBatchEntries = 100;

class Watch final : public rpc::Background {
 public:
  Watch(const rpc::Backstage& backstage, std::shared_ptr<const Detector> detector,
        std::map<std::string, std::unique_ptr<LogSource>> logs)
      : backstage_(backstage), detector_(std::move(detector)), logs_(std::move(logs)) {
    for (const auto& [name, log] : logs_) {
      threads_.emplace_back([this, source = name, from = log.get()] { Run(source, *from); });
    }
  }
  ~Watch() override { Stop(); }

  void Stop() override {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
      changed_.NotifyAll();
    }
    for (std::thread& thread : threads_) {
      if (thread.joinable()) thread.join();
    }
  }

 private:
  void Run(const std::string& source, LogSource& log) {
    while (!stopping()) {
      absl::Status status = ReadToEnd(source, log);
      if (status.ok()) status = LookBack();
      if (!status.ok() && !stopping()) {
        log::Warning("misuse_log_unread", {{"source", source},
                                           {"code", absl::StatusCodeToString(status.code())},
                                           {"reason", error::ReasonName(error::ReasonOf(status))}});
      }
      Wait(detector_->rules().read_every);
    }
  }

  // All logs of the service. The first one is what the detector knows by the service's name, and
  // read last: it is complete up to an instant when all of them are.
  absl::Status ReadToEnd(const std::string& source, LogSource& log) {
    const absl::Time listed = backstage_.clocks.domain->Now();
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<std::string> trees, log.Trees());
    for (std::size_t i = 1; i < trees.size() && !stopping(); ++i) {
      TRUSTHUB_RETURN_IF_ERROR(
          ReadTree(absl::StrCat(source, " ", trees[i]), trees[i], listed, log));
    }
    return ReadTree(source, trees.empty() ? "" : trees.front(), listed, log);
  }

  // Batches until the log has no more.
  absl::Status ReadTree(const std::string& source, const std::string& tree, absl::Time listed,
                        LogSource& log) {
    bool at_end = false;
    while (!at_end && !stopping()) {
      std::int64_t first_index = 0;
      TRUSTHUB_RETURN_IF_ERROR(InTransaction([&](store::Transaction& tx) -> absl::Status {
        TRUSTHUB_ASSIGN_OR_RETURN(first_index, detector_->NextIndex(tx, source));
        return absl::OkStatus();
      }));
      TRUSTHUB_ASSIGN_OR_RETURN(const LogBatch batch, ReadBatch(log, tree, first_index, listed));
      TRUSTHUB_RETURN_IF_ERROR(InTransaction([&](store::Transaction& tx) -> absl::Status {
        TRUSTHUB_ASSIGN_OR_RETURN(const bool joined, detector_->Take(tx, source, batch));
        at_end = joined && batch.complete_time.has_value();
        return absl::OkStatus();
      }));
    }
    return absl::OkStatus();
  }

  static absl::StatusOr<LogBatch> ReadBatch(LogSource& log, const std::string& tree,
                                            std::int64_t first_index, absl::Time listed) {
    LogBatch batch;
    batch.first_index = first_index;
    TRUSTHUB_ASSIGN_OR_RETURN(batch.log, log.Read(tree, first_index, kBatchEntries));
    const std::int64_t next = first_index + batch.log.entries_size();
    if (next >= batch.log.tree_size()) batch.complete_time = listed;
    return batch;
  }

  absl::Status LookBack() {
    bool more = true;
    while (more && !stopping()) {
      TRUSTHUB_RETURN_IF_ERROR(InTransaction([&](store::Transaction& tx) -> absl::Status {
        TRUSTHUB_ASSIGN_OR_RETURN(more, detector_->LookBack(tx));
        return absl::OkStatus();
      }));
    }
    return absl::OkStatus();
  }

  // Runs `work` and commits what it wrote; again when another replica was faster.
  absl::Status InTransaction(absl::FunctionRef<absl::Status(store::Transaction&)> work) {
    MutexLock lock(working_);
    absl::Status status;
    for (int attempt = 0; attempt <= limits::kConflictRetriesMax; ++attempt) {
      TRUSTHUB_ASSIGN_OR_RETURN(
          std::unique_ptr<store::Snapshot> snapshot,
          backstage_.store->Open(backstage_.clocks.real->Now() +
                                 absl::Milliseconds(limits::kCallMillisDefault)));
      store::Transaction tx(std::move(snapshot), backstage_.index_hash,
                            backstage_.clocks.domain->Now());
      TRUSTHUB_RETURN_IF_ERROR(work(tx));
      if (!tx.has_writes()) return absl::OkStatus();
      status = store::CommitAndWait(*backstage_.store, tx.TakeWrites()).status();
      if (!store::IsConflict(status)) return status;
    }
    return status;
  }

  bool stopping() const {
    MutexLock lock(mutex_);
    return stopping_;
  }

  void Wait(absl::Duration limit) {
    const absl::Duration end = MonotonicNow() + limit;
    MutexLock lock(mutex_);
    while (!stopping_) {
      const absl::Duration left = end - MonotonicNow();
      if (left <= absl::ZeroDuration()) return;
      changed_.WaitFor(mutex_, left);
    }
  }

  const rpc::Backstage backstage_;
  const std::shared_ptr<const Detector> detector_;
  const std::map<std::string, std::unique_ptr<LogSource>> logs_;
  Mutex working_;  // one transaction at a time: they would only overtake each other
  mutable Mutex mutex_;
  CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace

std::unique_ptr<rpc::Background> StartMisuseWatch(
    const rpc::Backstage& backstage, std::shared_ptr<const Detector> detector,
    std::map<std::string, std::unique_ptr<LogSource>> logs) {
  return std::make_unique<Watch>(backstage, std::move(detector), std::move(logs));
}

}  // namespace trusthub::children
