#include "common/rpc/host.h"
#include "services/directory/service.h"

int main(int argc, char** argv) {
  return trusthub::rpc::RunService(argc, argv, "directory", trusthub::directory::MakeDirectory);
}
