#include "common/crypto/tls_files.h"

#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "common/testing/matchers.h"
#include "deploy/hubctl/pki/certificates.h"
#include "gtest/gtest.h"

namespace trusthub::crypto {
namespace {

using testing::IsOk;
using testing::StatusIs;

class TlsFilesTest : public ::testing::Test {
 protected:
  pki::KeyPair Leaf() const {
    pki::LeafRequest request;
    request.validity = validity_;
    return ca_->IssueLeaf(request);
  }

  const pki::Validity validity_{absl::FromUnixSeconds(1'600'000'000),
                                absl::FromUnixSeconds(1'700'000'000)};
  const std::unique_ptr<pki::Ca> ca_ = pki::Ca::Make("test", validity_);
  const pki::KeyPair leaf_ = Leaf();
};

TEST_F(TlsFilesTest, GoodFilesPass) {
  const std::string chain = leaf_.certificate_pem + ca_->pair().certificate_pem;
  const auto facts = ReadCertificates(chain, "tls.pem");
  ASSERT_THAT(facts, IsOk());
  EXPECT_EQ(facts->not_before, validity_.from);
  EXPECT_EQ(facts->not_after, validity_.to);
  EXPECT_TRUE(facts->is_elliptic);
  EXPECT_THAT(CheckPrivateKey(leaf_.key_pem, "tls.key", chain, "tls.pem"), IsOk());
}

TEST_F(TlsFilesTest, BrokenCertificatesAreNamed) {
  const std::string& pem = leaf_.certificate_pem;
  for (const std::string& bytes :
       {std::string(), std::string("no certificate"), leaf_.key_pem, pem.substr(0, pem.size() / 2),
        pem + pem.substr(0, pem.size() / 2)}) {
    const auto facts = ReadCertificates(bytes, "bad.pem");
    EXPECT_THAT(facts, StatusIs(absl::StatusCode::kInvalidArgument)) << bytes;
    EXPECT_TRUE(absl::StrContains(facts.status().message(), "bad.pem")) << facts.status();
  }
}

TEST_F(TlsFilesTest, KeysThatGrpcWouldChokeOnAreNamed) {
  for (const std::string& key : {std::string("no key"), ca_->pair().key_pem}) {
    const absl::Status status = CheckPrivateKey(key, "bad.key", leaf_.certificate_pem, "tls.pem");
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument));
    EXPECT_TRUE(absl::StrContains(status.message(), "bad.key")) << status;
  }
}

}  // namespace
}  // namespace trusthub::crypto
