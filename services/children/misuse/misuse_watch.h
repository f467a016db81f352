// File: misuse_watch.h
//
// Reads the audit logs of all services for the detector, one thread a service, in bounded batches,
// at the interval of the rules. A service whose logs cannot be read is tried again at the next
// interval; the others go on.
#ifndef TRUSTHUB_SERVICES_CHILDREN_MISUSE_MISUSE_WATCH_H_
#define TRUSTHUB_SERVICES_CHILDREN_MISUSE_MISUSE_WATCH_H_

#include <map>
#include <memory>
#include <string>

#include "common/rpc/host.h"
#include "services/children/misuse/detector.h"
#include "services/children/misuse/log_source.h"

namespace trusthub::children {

// Starts the threads. `detector` was made for the names of `logs`.
std::unique_ptr<rpc::Background> StartMisuseWatch(
    const rpc::Backstage& backstage, std::shared_ptr<const Detector> detector,
    std::map<std::string, std::unique_ptr<LogSource>> logs);

}  // namespace trusthub::children

#endif  // TRUSTHUB_SERVICES_CHILDREN_MISUSE_MISUSE_WATCH_H_
