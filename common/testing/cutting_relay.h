// File: cutting_relay.h
//
// Stands between a client and a server on Unix sockets, and cuts the connection at a word that the
// client says: before the server hears it, or when the server has answered and the client has not
// heard. Or lets nothing through for a while, as a network that is parted.
#ifndef TRUSTHUB_COMMON_TESTING_CUTTING_RELAY_H_
#define TRUSTHUB_COMMON_TESTING_CUTTING_RELAY_H_

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "common/base/mutex.h"
#include "common/testing/temp_folder.h"

namespace trusthub::testing {

class CuttingRelay {
 public:
  enum class Cut { kBeforeServer, kBeforeClient };

  // To the socket `name` in folder `server`, from one of the same name in folder().
  CuttingRelay(const std::string& server, const std::string& name);
  ~CuttingRelay();
  CuttingRelay(const CuttingRelay&) = delete;
  CuttingRelay& operator=(const CuttingRelay&) = delete;

  const std::string& folder() const { return folder_.path(); }
  // At the next `word` of any client. With `stay_away`, new connections are refused until Mend.
  void CutAt(const std::string& word, Cut cut, bool stay_away = false);
  void Mend() { away_ = false; }
  // Nothing passes, and nobody is told: connections stay, new ones are taken. What was said
  // meanwhile passes after LetPass.
  void Hold() { held_ = true; }
  void LetPass() { held_ = false; }
  int cuts() const { return cuts_; }

 private:
  void Accept();
  void Relay(int client, int server);
  // Passes on what one side said; false when the connection is over.
  bool Pass(int from, int to, bool from_client, bool* cut_at_answer);

  const std::string server_;
  TempFolder folder_;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<bool> away_{false};
  std::atomic<bool> held_{false};
  std::atomic<int> cuts_{0};
  Mutex mutex_;
  std::string word_ ABSL_GUARDED_BY(mutex_);  // empty: not to be cut
  Cut cut_ ABSL_GUARDED_BY(mutex_) = Cut::kBeforeServer;
  bool stay_away_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> relays_ ABSL_GUARDED_BY(mutex_);
  std::thread acceptor_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_CUTTING_RELAY_H_
