#include "common/rpc/host.h"
#include "services/referrals/service.h"

int main(int argc, char** argv) {
  return trusthub::rpc::RunService(argc, argv, "referrals", trusthub::referrals::MakeReferrals);
}
