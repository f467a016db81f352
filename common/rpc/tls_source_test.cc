// Replacing the files of a TLS identity: good ones are taken within a second, bad ones never.
#include "common/rpc/tls_source.h"

#include <sys/stat.h>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/rpc/pipeline_fixture.h"
#include "common/testing/fake_clock.h"
#include "common/testing/matchers.h"
#include "common/testing/temp_folder.h"
#include "deploy/hubctl/pki/certificates.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace trusthub::rpc {
namespace {

using ::testing::HasSubstr;
using testing::IsOk;

const absl::Time kNow = absl::FromUnixSeconds(1'650'000'000);

class TlsSourceTest : public ::testing::Test {
 protected:
  TlsSourceTest() { Write(leaf_); }

  pki::KeyPair Leaf(absl::Time from, absl::Time to) const {
    pki::LeafRequest request;
    request.validity = {from, to};
    return ca_->IssueLeaf(request);
  }
  void WriteFile(const std::string& name, const std::string& bytes, mode_t mode = 0600) {
    // As careful administrators and tools do: beside, then over it.
    const std::string path = folder_.File(name);
    std::ofstream(path + ".new", std::ios::binary | std::ios::trunc) << bytes;
    ASSERT_EQ(chmod((path + ".new").c_str(), mode), 0);
    ASSERT_EQ(std::rename((path + ".new").c_str(), path.c_str()), 0);
  }
  void Write(const pki::KeyPair& pair) {
    WriteFile("tls.pem", pair.certificate_pem);
    WriteFile("tls.key", pair.key_pem);
    WriteFile("ca.pem", ca_->pair().certificate_pem);
  }
  TlsSource::Options Options() {
    TlsSource::Options options;
    options.certificates = folder_.File("tls.pem");
    options.key = folder_.File("tls.key");
    options.authorities = folder_.File("ca.pem");
    options.clock = &clock_;
    options.metrics = &metrics_;
    options.needs_elliptic_key = true;
    return options;
  }
  std::string Refusal() {
    const auto source = TlsSource::Open(Options());
    return source.ok() ? "" : std::string(source.status().message());
  }
  // What is in use after the source looked again.
  std::shared_ptr<const TlsTexts> Next(TlsSource& source) {
    clock_.Advance(absl::Seconds(1));
    return source.Current();
  }
  int Refused() { return metrics_.counts()["tls refused"]; }

  testing::TempFolder folder_;
  testing::FakeClock clock_{kNow};
  KeptMetrics metrics_;
  const std::unique_ptr<pki::Ca> ca_ =
      pki::Ca::Make("test", {kNow - absl::Hours(24), kNow + absl::Hours(24 * 365)});
  const pki::KeyPair leaf_ = Leaf(kNow - absl::Hours(1), kNow + absl::Hours(24 * 90));
  const pki::KeyPair newer_ = Leaf(kNow - absl::Hours(1), kNow + absl::Hours(24 * 180));
};

TEST_F(TlsSourceTest, GoodFilesAreTakenWithinASecond) {
  auto source = TlsSource::Open(Options());
  ASSERT_THAT(source, IsOk());
  EXPECT_EQ((*source)->Current()->version, 1);
  EXPECT_EQ((*source)->Current()->certificates, leaf_.certificate_pem);
  Write(newer_);
  EXPECT_EQ((*source)->Current()->version, 1) << "it looks once a second";
  const auto texts = Next(**source);
  EXPECT_EQ(texts->version, 2);
  EXPECT_EQ(texts->certificates, newer_.certificate_pem);
  EXPECT_EQ(texts->key, newer_.key_pem);
  EXPECT_EQ(Next(**source)->version, 2) << "nothing changed";
  EXPECT_EQ(Refused(), 0);
}

TEST_F(TlsSourceTest, WhatDoesNotFitTogetherIsNotTaken) {
  auto source = TlsSource::Open(Options());
  ASSERT_THAT(source, IsOk());
  const auto stays = [&](const char* what) {
    const int refused = Refused();
    EXPECT_EQ(Next(**source)->certificates, leaf_.certificate_pem) << what;
    EXPECT_EQ(Refused(), refused + 1) << what;
    EXPECT_EQ(Next(**source)->version, 1) << what << ": told once";
    EXPECT_EQ(Refused(), refused + 1) << what << ": told once";
  };
  WriteFile("tls.pem", newer_.certificate_pem);
  stays("a certificate without its key");
  WriteFile("tls.key", newer_.key_pem.substr(0, newer_.key_pem.size() / 2));
  stays("a key that is half written");
  WriteFile("tls.key", newer_.key_pem, 0644);
  stays("a key that others may read");
  std::remove(folder_.File("tls.key").c_str());
  stays("no key");
  WriteFile("tls.key", newer_.key_pem);
  WriteFile("ca.pem", "");
  stays("no authority");
  WriteFile("ca.pem", ca_->pair().certificate_pem);
  const auto texts = Next(**source);
  EXPECT_EQ(texts->certificates, newer_.certificate_pem) << "the whole of it fits now";
  EXPECT_EQ(texts->version, 2);
}

TEST_F(TlsSourceTest, ACertificateOutOfDateIsNotTaken) {
  auto source = TlsSource::Open(Options());
  ASSERT_THAT(source, IsOk());
  Write(Leaf(kNow - absl::Hours(2), kNow));
  EXPECT_EQ(Next(**source)->version, 1);
  Write(Leaf(kNow + absl::Hours(1), kNow + absl::Hours(2)));
  EXPECT_EQ(Next(**source)->version, 1);
  EXPECT_EQ(Refused(), 2);
}

TEST_F(TlsSourceTest, NothingStartsWithBadFiles) {
  std::remove(folder_.File("tls.pem").c_str());
  EXPECT_THAT(Refusal(), HasSubstr("certificate: "));
  Write(Leaf(kNow - absl::Hours(2), kNow));
  EXPECT_THAT(Refusal(), HasSubstr("issue a new one"));
  Write(leaf_);
  WriteFile("tls.key", leaf_.key_pem, 0640);
  EXPECT_THAT(Refusal(), HasSubstr("key: "));
  WriteFile("tls.key", newer_.key_pem);
  EXPECT_THAT(Refusal(), HasSubstr("is not the key of"));
  Write(leaf_);
  WriteFile("ca.pem", "no authority");
  EXPECT_THAT(Refusal(), HasSubstr("server_ca: "));
}

TEST_F(TlsSourceTest, ItsEndIsAMetric) {
  ASSERT_THAT(TlsSource::Open(Options()), IsOk());
  EXPECT_EQ(metrics_.counts()["certificate expiry"], 1);
}

}  // namespace
}  // namespace trusthub::rpc
