// Planted mistakes, one an argument: each test of it passes only when the sanitizer names the
// mistake. Without them a sanitizer that reports nothing, because its options hide everything,
// would look like clean code.
#include <grpcpp/alarm.h>

#include <cstdio>
#include <cstdlib>
#include <future>
#include <limits>
#include <string>
#include <thread>
#include <vector>

#include "common/time/clock.h"

namespace {

int written_by_two = 0;

void PlantedRace() { ++written_by_two; }

void RaceOfThreads() {
  std::thread other(PlantedRace);
  PlantedRace();
  other.join();
}

// On a thread of gRPC's, which no sanitizer sees into: where a service's callbacks run.
void RaceUnderGrpc() {
  std::promise<void> called;
  grpc::Alarm alarm;
  alarm.Set(absl::ToChronoTime(trusthub::RealClock().Now()), [&called](bool) {
    PlantedRace();
    called.set_value();
  });
  PlantedRace();
  called.get_future().wait();
}

int ReadPastTheEnd() {
  const std::vector<int> numbers(3, 1);
  const volatile int* past = numbers.data() + numbers.size();
  return *past;
}

int Overflow() {
  volatile int most = std::numeric_limits<int>::max();
  return most + 1;
}

void Leak() {
  auto* volatile lost = new std::string(100, 'l');
  lost = nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string planted = argc == 2 ? argv[1] : "";
  if (planted == "race") RaceOfThreads();
  if (planted == "race_under_grpc") RaceUnderGrpc();
  if (planted == "overrun") return ReadPastTheEnd() == 0 ? 0 : 1;
  if (planted == "overflow") return Overflow() == 0 ? 0 : 1;
  if (planted == "leak") Leak();
  std::puts("nobody noticed");
  return 0;
}
