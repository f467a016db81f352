// File: port_block.h
//
// Ports of a hub that is stopped and started again on the same ones, while other tests run beside.
#ifndef TRUSTHUB_TESTS_E2E_PORT_BLOCK_H_
#define TRUSTHUB_TESTS_E2E_PORT_BLOCK_H_

#include <memory>

#include "absl/status/statusor.h"

namespace trusthub::testing {

// Eight ports on loopback that no other PortBlock of this machine's tests has while this one lives.
// They lie below the ports that Linux gives to outgoing connections (32768 unless set otherwise).
class PortBlock {
 public:
  static absl::StatusOr<std::unique_ptr<PortBlock>> Take();
  ~PortBlock();
  PortBlock(const PortBlock&) = delete;
  PortBlock& operator=(const PortBlock&) = delete;

  int first() const { return first_; }

 private:
  PortBlock(int claim, int first) : claim_(claim), first_(first) {}
  const int claim_;
  const int first_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_E2E_PORT_BLOCK_H_
