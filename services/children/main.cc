#include "common/rpc/host.h"
#include "services/children/service.h"

int main(int argc, char** argv) {
  return trusthub::rpc::RunService(argc, argv, "children", trusthub::children::MakeChildren);
}
