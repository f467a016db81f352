// A borough changes its matching rules: children registered by the old ones are found by the new.
#include <memory>
#include <string>
#include <utility>

#include "common/base/ids.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "gtest/gtest.h"
#include "tests/integration/changed_copy.h"
#include "tests/integration/local_hub.h"
#include "trusthub/children/v1/children_service.pb.h"

namespace trusthub::testing {
namespace {

class ChangedMatchingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    LocalHubOptions options;
    options.adjust = [this](absl::string_view service, config::Config* config) {
      if (service == "children" && !settings_.empty()) config->settings_folder = settings_;
    };
    auto started = LocalHub::Start(options);
    ASSERT_THAT(started, IsOk());
    hub_ = *std::move(started);
  }

  // The child that a worker registers by name and birth date alone.
  std::string Register(absl::string_view worker, absl::string_view purpose, absl::string_view given,
                       absl::string_view family) {
    children::v1::RegisterChildRequest request;
    request.set_request_id(RandomUuid());
    children::v1::ChildDetails& details = *request.mutable_details();
    details.mutable_person_name()->set_given(std::string(given));
    details.mutable_person_name()->set_family(std::string(family));
    details.mutable_birth_date()->set_year(2001);
    details.mutable_birth_date()->set_month(5);
    details.mutable_birth_date()->set_day(14);
    details.set_sex(children::v1::SEX_FEMALE);
    const auto desk = hub_->hub().DeskOf(worker);
    EXPECT_THAT(desk, IsOk());
    const auto answer = (*desk)->Call<children::v1::RegisterChildResponse>(request, purpose, "M-1");
    EXPECT_THAT(answer, IsOk());
    return answer.ok() ? answer->child() : "";
  }

  const TempFolder folder_;
  std::string settings_;
  std::unique_ptr<LocalHub> hub_;
};

TEST_F(ChangedMatchingTest, WhatIsStoredIsIndexedAgainAtTheStart) {
  const std::string child =
      Register("uphall-lead-01", "safeguarding_referral", "Bernadette", "Quill");
  hub_->StopService("children");
  settings_ = folder_.File("redbridge");
  ASSERT_THAT(CopyChanged("deploy/config/redbridge", settings_,
                          {{"matching.yaml", "  - [abdi, cabdi]\n",
                            "  - [abdi, cabdi]\n  - [poppy, bernadette]\n  - [zhu, quill]\n"}}),
              IsOk());
  ASSERT_THAT(hub_->StartService("children"), IsOk());
  EXPECT_EQ(Register("lbr-screening-01", "screening", "Poppy", "Zhu"), child);
}

}  // namespace
}  // namespace trusthub::testing
