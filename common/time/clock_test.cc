#include "common/time/clock.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/time/civil_time.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "gtest/gtest.h"

namespace trusthub {
namespace {

using ::trusthub::testing::IsOk;
using ::trusthub::testing::TempFolder;

class FileClockTest : public ::testing::Test {
 protected:
  // The file says `line` and was written at `written`, whatever the machine's clock says.
  void Write(absl::string_view line, absl::Time written) {
    std::ofstream(path_) << line << "\n";
    const struct timespec when[2] = {absl::ToTimespec(written), absl::ToTimespec(written)};
    ASSERT_EQ(utimensat(AT_FDCWD, path_.c_str(), when, 0), 0);
  }

  static absl::CivilDay DayOf(const Clock& clock) {
    return absl::ToCivilDay(clock.Now(), absl::UTCTimeZone());
  }

  TempFolder folder_;
  const std::string path_ = folder_.path() + "/clock";
};

TEST_F(FileClockTest, RunsOnFromTheMomentOfWriting) {
  const absl::Time written = RealClock().Now() - absl::Hours(48);
  Write("2010-04-19T16:00:00Z", written);
  const absl::StatusOr<std::unique_ptr<Clock>> clock = FileClock(path_);
  ASSERT_THAT(clock, IsOk());
  EXPECT_EQ(DayOf(**clock), absl::CivilDay(2010, 4, 21));
}

TEST_F(FileClockTest, TwoSettingsWithinOneTickOfTheFileSystem) {
  // Ahead of the clock, so that a slow machine does not age it.
  const absl::Time tick = RealClock().Now() + absl::Minutes(1);
  Write("2010-04-19T16:00:00Z", tick);
  const absl::StatusOr<std::unique_ptr<Clock>> clock = FileClock(path_);
  ASSERT_THAT(clock, IsOk());
  ASSERT_EQ(DayOf(**clock), absl::CivilDay(2010, 4, 19));
  Write("2010-04-22T11:00:00Z", tick);
  EXPECT_EQ(DayOf(**clock), absl::CivilDay(2010, 4, 22));
}

TEST_F(FileClockTest, AnUnreadableFileKeepsTheLastGoodSetting) {
  Write("2010-04-19T16:00:00Z", RealClock().Now());
  const absl::StatusOr<std::unique_ptr<Clock>> clock = FileClock(path_);
  ASSERT_THAT(clock, IsOk());
  Write("next Tuesday", RealClock().Now());
  EXPECT_EQ(DayOf(**clock), absl::CivilDay(2010, 4, 19));
  ASSERT_EQ(unlink(path_.c_str()), 0);
  EXPECT_EQ(DayOf(**clock), absl::CivilDay(2010, 4, 19));
}

TEST_F(FileClockTest, StartsOnlyWithAFileThatSaysAnInstant) {
  EXPECT_EQ(FileClock(path_).status().code(), absl::StatusCode::kNotFound);
  Write("19 April", RealClock().Now());
  EXPECT_EQ(FileClock(path_).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace trusthub
