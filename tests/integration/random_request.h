// File: random_request.h
//
// A random request of any method that its field rules let pass: about one child's records, with
// texts, codes and days as they should be, so that it reaches the rules behind.
#ifndef TRUSTHUB_TESTS_INTEGRATION_RANDOM_REQUEST_H_
#define TRUSTHUB_TESTS_INTEGRATION_RANDOM_REQUEST_H_

#include <memory>
#include <random>
#include <string>

#include "common/rpc/method_table.h"
#include "google/protobuf/message.h"
#include "tests/integration/worlds.h"

namespace trusthub::testing {

// Draws the same numbers whatever the life's names are: two worlds get the same request.
std::unique_ptr<google::protobuf::Message> RandomRequest(const rpc::Method& method,
                                                         const Life& life,
                                                         const std::string& request_id,
                                                         std::mt19937& random);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_RANDOM_REQUEST_H_
