// Writes a synthetic population as NDJSON, one holding a line:
//   trusthub-simulator --children 300 --seed 317 > deploy/config/redbridge/population.ndjson
#include <cstdint>
#include <iostream>

#include "CLI/CLI.hpp"
#include "tests/simulator/population.h"

int main(int argc, char** argv) {
  trusthub::simulator::PopulationOptions options;
  CLI::App app("Synthetic families of Redbridge, as the agencies hold their children.");
  app.add_option("--seed", options.seed, "The same seed gives the same population.")
      ->capture_default_str();
  app.add_option("--children", options.children, "How many children.")
      ->check(CLI::Range(1, 500'000))
      ->capture_default_str();
  app.add_option("--year", options.year, "Children are 0 to 17 on 1 January of this year.")
      ->check(CLI::Range(1950, 2100))
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  for (const trusthub::simulator::Row& row : trusthub::simulator::MakePopulation(options)) {
    std::cout << trusthub::simulator::ToJsonLine(row) << '\n';
  }
  std::cout.flush();
  if (!std::cout) {
    std::cerr << "trusthub-simulator: the output could not be written\n";
    return 1;
  }
  return 0;
}
