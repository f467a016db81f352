#include "common/rpc/host.h"
#include "services/plans/service.h"

int main(int argc, char** argv) {
  return trusthub::rpc::RunService(argc, argv, "plans", trusthub::plans::MakePlans);
}
