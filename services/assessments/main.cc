#include "common/rpc/host.h"
#include "services/assessments/service.h"

int main(int argc, char** argv) {
  return trusthub::rpc::RunService(argc, argv, "assessments",
                                   trusthub::assessments::MakeAssessments);
}
