#include "common/base/ids.h"

#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "gtest/gtest.h"

namespace trusthub {
namespace {

TEST(IdsTest, AForkedProcessDrawsItsOwnBytes) {
  RandomBytes(1);  // fills the pool that both would draw from
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const std::string drawn = RandomBytes(16);
    _exit(write(ends[1], drawn.data(), drawn.size()) == 16 ? 0 : 1);
  }
  const std::string mine = RandomBytes(16);
  std::string theirs(16, '\0');
  EXPECT_EQ(read(ends[0], theirs.data(), theirs.size()), 16);
  int status = -1;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_NE(mine, theirs);
  close(ends[0]);
  close(ends[1]);
}

TEST(IdsTest, AnIdHas26CharactersAndNoneComesTwice) {
  const std::string first = RandomId();
  EXPECT_EQ(first.size(), 26u);
  EXPECT_EQ(first.find_first_not_of("0123456789abcdefghijklmnopqrstuv"), std::string::npos);
  EXPECT_NE(first, RandomId());
}

}  // namespace
}  // namespace trusthub
