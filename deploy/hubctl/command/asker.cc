#include "deploy/hubctl/command/command.h"

namespace trusthub::hubctl {

void AddAskerOptions(CLI::App& command, Asker& asker) {
  command.add_option("--as", asker.worker, "Worker who asks, e.g. lbr-sw-01 (hubctl workers)")
      ->required();
  command.add_option("--purpose", asker.purpose, "What for, e.g. safeguarding_referral")
      ->required();
  command.add_option("--case", asker.case_reference, "The worker's own case reference")
      ->capture_default_str();
}

}  // namespace trusthub::hubctl
