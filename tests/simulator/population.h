// File: population.h
//
// Synthetic families of Redbridge and what the agencies hold of their children: the same child
// under the spellings, gaps and slips of several agencies, brothers and sisters, twins. Nobody in
// it exists; NHS numbers are of the range kept for tests (999), UPNs and numbers carry valid check
// characters.
#ifndef TRUSTHUB_TESTS_SIMULATOR_POPULATION_H_
#define TRUSTHUB_TESTS_SIMULATOR_POPULATION_H_

#include <cstdint>
#include <string>
#include <vector>

#include "trusthub/children/v1/child.pb.h"

namespace trusthub::simulator {

// What one agency holds of one child, ready to be registered.
struct Row {
  int child = 0;       // who it really is, from 1: what no agency knows, to measure links by
  std::string agency;  // "agencies/uphall-primary"
  children::v1::ChildDetails details;
};

struct PopulationOptions {
  std::uint64_t seed = 317;
  int children = 300;
  // Children are 0 to 17 years old on 1 January of this year.
  int year = 2010;
};

// The same options give the same rows on every machine. Rows of one child need not be neighbours.
std::vector<Row> MakePopulation(const PopulationOptions& options);

// One line of NDJSON without the line end: {"child":1,"agency":"agencies/x","details":{...}},
// details in the JSON form of ChildDetails with the field names of the proto.
std::string ToJsonLine(const Row& row);

}  // namespace trusthub::simulator

#endif  // TRUSTHUB_TESTS_SIMULATOR_POPULATION_H_
