#include "common/crypto/tls_files.h"

#include <sys/stat.h>

#include <fstream>
#include <memory>
#include <string>

#include "absl/strings/match.h"
#include "absl/time/time.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "deploy/hubctl/pki/certificates.h"
#include "gtest/gtest.h"

namespace trusthub::crypto {
namespace {

using testing::IsOk;
using testing::StatusIs;

class TlsFilesTest : public ::testing::Test {
 protected:
  std::string Write(const std::string& name, const std::string& bytes, mode_t mode = 0600) {
    const std::string path = folder_.File(name);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
    EXPECT_EQ(chmod(path.c_str(), mode), 0);
    return path;
  }

  pki::KeyPair Leaf() const {
    pki::LeafRequest request;
    request.validity = validity_;
    return ca_->IssueLeaf(request);
  }

  testing::TempFolder folder_;
  const pki::Validity validity_{absl::FromUnixSeconds(1'600'000'000),
                                absl::FromUnixSeconds(1'700'000'000)};
  const std::unique_ptr<pki::Ca> ca_ = pki::Ca::Make("test", validity_);
  const pki::KeyPair leaf_ = Leaf();
};

TEST_F(TlsFilesTest, GoodFilesPass) {
  const std::string chain =
      Write("tls.pem", leaf_.certificate_pem + ca_->pair().certificate_pem, 0644);
  EXPECT_THAT(CheckCertificates(chain), IsOk());
  EXPECT_THAT(CheckPrivateKey(Write("tls.key", leaf_.key_pem), chain), IsOk());
}

TEST_F(TlsFilesTest, BrokenCertificatesAreNamed) {
  EXPECT_THAT(CheckCertificates(folder_.File("none")), StatusIs(absl::StatusCode::kNotFound));
  const std::string& pem = leaf_.certificate_pem;
  for (const std::string& bytes :
       {std::string(), std::string("no certificate"), leaf_.key_pem, pem.substr(0, pem.size() / 2),
        pem + pem.substr(0, pem.size() / 2)}) {
    const absl::Status status = CheckCertificates(Write("bad.pem", bytes));
    EXPECT_THAT(status, StatusIs(absl::StatusCode::kInvalidArgument)) << bytes;
    EXPECT_TRUE(absl::StrContains(status.message(), "bad.pem")) << status;
  }
}

TEST_F(TlsFilesTest, KeysThatGrpcWouldChokeOnAreNamed) {
  const std::string certificate = Write("tls.pem", leaf_.certificate_pem);
  EXPECT_THAT(CheckPrivateKey(folder_.File("none"), certificate),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(CheckPrivateKey(Write("open.key", leaf_.key_pem, 0640), certificate),
              StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(CheckPrivateKey(Write("bad.key", "no key"), certificate),
              StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(CheckPrivateKey(Write("other.key", ca_->pair().key_pem), certificate),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

}  // namespace
}  // namespace trusthub::crypto
