#include "common/rpc/host.h"
#include "services/health/service.h"

int main(int argc, char** argv) {
  return trusthub::rpc::RunService(argc, argv, "health", trusthub::health::MakeHealth);
}
