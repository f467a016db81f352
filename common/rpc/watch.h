// File: watch.h
//
// EventsService.Watch: streams of committed events, each authorised at delivery and granted field
// by field like any answer. A user's stream leaves one audit entry an answer that carries events; a
// stream of the hub's own services leaves one when it opens, since projections disclose nothing.
//
// A stream that waits holds no thread. The hub's clock thread wakes it: when a commit added events,
// and when a bookmark is due: every limits::kHubBookmarkMillis to the hub's own services, whose
// consent facts must be a second old at most, less often to people's systems.
//
// A person's answer carries no sequence numbers: gaps would tell of events that the person may not
// know.
#ifndef TRUSTHUB_COMMON_RPC_WATCH_H_
#define TRUSTHUB_COMMON_RPC_WATCH_H_

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <thread>

#include "absl/time/time.h"
#include "common/base/mutex.h"
#include "common/rpc/pipeline.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"

namespace trusthub::rpc {

class WatchStream;

// Thread-safe.
class WatchHub {
 public:
  // `store_id` names the store in cursors.
  WatchHub(Pipeline* pipeline, std::string store_id);
  ~WatchHub();  // waits for the last stream

  grpc::ServerWriteReactor<grpc::ByteBuffer>* Start(const Method& method,
                                                    grpc::CallbackServerContext* context,
                                                    const grpc::ByteBuffer& request);
  // Tells waiting streams that events were added. Cheap; called on the store's thread.
  void EventsAdded();
  // Ends every stream with SERVER_STOPPING and refuses new ones. Does not wait: a client that does
  // not read holds its stream until the server is shut down.
  void Stop();

  Pipeline& pipeline() { return *pipeline_; }
  const std::string& store_id() const { return store_id_; }

 private:
  friend class WatchStream;
  void Tick();
  void Remove(WatchStream* stream);

  Pipeline* const pipeline_;
  const std::string store_id_;
  Mutex mutex_;
  CondVar wake_;
  CondVar empty_;
  bool events_added_ ABSL_GUARDED_BY(mutex_) = false;
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<WatchStream*> streams_ ABSL_GUARDED_BY(mutex_);
  std::thread ticker_;
};

}  // namespace trusthub::rpc

#endif  // TRUSTHUB_COMMON_RPC_WATCH_H_
