// File: question.h
//
// One random question to a world: a worker, a method that reads, a purpose, a child or record (also
// those that one world alone has), a page size; all its pages, and the explanation of the decision.
#ifndef TRUSTHUB_TESTS_INTEGRATION_QUESTION_H_
#define TRUSTHUB_TESTS_INTEGRATION_QUESTION_H_

#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "common/rpc/method_table.h"
#include "tests/integration/worlds.h"

namespace trusthub::testing {

// A method as one service offers it.
struct Offered {
  std::string service;
  const rpc::Method* method;
};

// Every unary method of the world's services that only reads, but those of the audit logs: they are
// for auditors, who see that secret records were read, not what is in them.
std::vector<Offered> ReadingsOf(World& world);
// Every method that changes something.
std::vector<Offered> ChangesOf(World& world);

struct Question {
  std::string worker;
  const Offered* offered = nullptr;
  options::v1::Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  std::size_t life = 0;
  std::uint32_t pick = 0;  // of the records that the request may name
  int page_size = 0;
  bool explain = false;
};

// A worker who must not know of the child's secret asks one of `offered`; mostly what the role may
// ask, else what it may not.
Question RandomQuestion(World& world, const std::vector<Offered>& offered, std::mt19937& random);

// A name for a field of `collection`: of the child's own records, or of what one world hides.
std::string NameFor(const Life& life, const std::string& collection, std::uint32_t pick);

// The whole of what the worker sees, written canonically.
std::string Put(World& world, const Question& question);

std::string Describe(World& world, const Question& question);

}  // namespace trusthub::testing

#endif  // TRUSTHUB_TESTS_INTEGRATION_QUESTION_H_
