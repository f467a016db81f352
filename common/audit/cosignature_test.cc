#include "common/audit/cosignature.h"

#include <string>

#include "common/testing/matchers.h"
#include "gtest/gtest.h"

namespace trusthub::audit {
namespace {

using testing::IsOk;
using testing::StatusIs;

class CosignatureTest : public ::testing::Test {
 protected:
  v1::Cosignature By(int witness) const {
    return Cosign(checkpoint_, keys_[witness].name, when_, *signers_[witness]);
  }

  const absl::Time when_ = absl::FromUnixMicros(1268733660999999);
  const Checkpoint checkpoint_{"auditTrees/test", 46, crypto::Sha256("root")};
  const std::vector<std::unique_ptr<crypto::SigningKey>> signers_ = [] {
    std::vector<std::unique_ptr<crypto::SigningKey>> signers;
    for (int i = 0; i < 4; ++i) signers.push_back(crypto::SigningKey::Generate());
    return signers;
  }();
  const KeyList keys_ = {{signers_[0]->public_key(), "council"},
                         {signers_[1]->public_key(), "police"},
                         {signers_[2]->public_key(), "hospital"},
                         {signers_[3]->public_key(), "stranger"}};
  const KeyList listed_ = {keys_[0], keys_[1], keys_[2]};
};

TEST_F(CosignatureTest, IsOverSecondsTreeSizeAndRoot) {
  EXPECT_EQ(CosignatureInput({"auditTrees/test", 46, std::string(32, '\0')}, when_),
            "cosignature/v1\ntime 1268733660\nauditTrees/test\n46\n"
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
}

TEST_F(CosignatureTest, CountsForItsHeadAndTimeAlone) {
  const v1::Cosignature good = By(0);
  EXPECT_THAT(VerifyCosignature(checkpoint_, good, keys_[0].key), IsOk());
  const auto refused = [&](const Checkpoint& checkpoint, const v1::Cosignature& cosignature,
                           absl::string_view key) {
    EXPECT_THAT(VerifyCosignature(checkpoint, cosignature, key),
                StatusIs(absl::StatusCode::kDataLoss));
  };
  refused(checkpoint_, good, keys_[1].key);
  refused({"auditTrees/other", 46, checkpoint_.root}, good, keys_[0].key);
  refused({"auditTrees/test", 47, checkpoint_.root}, good, keys_[0].key);
  refused({"auditTrees/test", 46, crypto::Sha256("other")}, good, keys_[0].key);
  refused({"auditTrees/test", 46, "short"}, good, keys_[0].key);
  v1::Cosignature later = good;
  later.mutable_cosign_time()->set_seconds(good.cosign_time().seconds() + 1);
  refused(checkpoint_, later, keys_[0].key);
  v1::Cosignature finer = good;
  finer.mutable_cosign_time()->set_nanos(1);
  refused(checkpoint_, finer, keys_[0].key);
}

TEST_F(CosignatureTest, EnoughDifferentWitnessesOfTheListAreNeeded) {
  EXPECT_THAT(VerifyWitnessed(checkpoint_, {By(0), By(1)}, listed_, 2), IsOk());
  const auto data_loss = StatusIs(absl::StatusCode::kDataLoss);
  EXPECT_THAT(VerifyWitnessed(checkpoint_, {By(0)}, listed_, 2), data_loss);
  EXPECT_THAT(VerifyWitnessed(checkpoint_, {By(0), By(0)}, listed_, 2), data_loss) << "one twice";
  EXPECT_THAT(VerifyWitnessed(checkpoint_, {By(0), By(3)}, listed_, 2), data_loss) << "a stranger";
  EXPECT_THAT(VerifyWitnessed(checkpoint_, {By(3), By(0), By(2)}, listed_, 2), IsOk());
  v1::Cosignature borrowed = By(3);
  borrowed.set_witness("police");
  EXPECT_THAT(VerifyWitnessed(checkpoint_, {By(0), By(2), borrowed}, listed_, 2), data_loss)
      << "a bad one of a listed witness is a forgery, not a gap";
}

}  // namespace
}  // namespace trusthub::audit
