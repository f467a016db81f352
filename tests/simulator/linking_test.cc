// The shipped population through the child index: how many links are wrong, how many are missed.
#include <iostream>
#include <map>
#include <set>
#include <string>

#include "gtest/gtest.h"
#include "services/children/children_fixture.h"
#include "tests/simulator/population.h"

namespace trusthub::simulator {
namespace {

class LinkingTest : public children::ChildrenTest {};

TEST_F(LinkingTest, NoWrongLinksAndFewMissed) {
  std::map<std::string, std::set<int>> people_of_record;
  std::map<int, std::set<std::string>> records_of_person;
  int rows = 0;
  for (const Row& row : MakePopulation({})) {
    ++rows;
    const std::string agency = row.agency.substr(row.agency.find('/') + 1);
    const std::string name = Registered(agency, row.details);
    people_of_record[name].insert(row.child);
    records_of_person[row.child].insert(name);
  }
  int wrong = 0, missed = 0;
  for (const auto& [name, people] : people_of_record) wrong += static_cast<int>(people.size()) - 1;
  for (const auto& [person, names] : records_of_person)
    missed += static_cast<int>(names.size()) - 1;
  const int second_rows = rows - static_cast<int>(records_of_person.size());
  RecordProperty("wrong_links", wrong);
  RecordProperty("missed_links", missed);
  RecordProperty("links_to_find", second_rows);
  std::cout << "links to find " << second_rows << ", missed " << missed << ", wrong " << wrong
            << "\n";
  EXPECT_EQ(wrong, 0) << "two children became one: a stranger's record would be shown";
  EXPECT_LE(missed, second_rows / 10) << "of " << second_rows;
}

}  // namespace
}  // namespace trusthub::simulator
