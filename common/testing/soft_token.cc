#include "common/testing/soft_token.h"

#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"

namespace trusthub::testing {

SoftToken::SoftToken() {
  std::filesystem::create_directory(folder_.File("tokens"));
  std::ofstream(folder_.File("softhsm2.conf"))
      << "directories.tokendir = " << folder_.File("tokens") << "\nobjectstore.backend = file\n"
      << "log.level = ERROR\n";
  setenv("SOFTHSM2_CONF", folder_.File("softhsm2.conf").c_str(), /*overwrite=*/1);
  WritePin(kPin);
  const std::string command =
      absl::StrCat("softhsm2-util --init-token --free --label ", kLabel, " --so-pin 97531 --pin ",
                   kPin, " > ", folder_.File("init.log"), " 2>&1");
  if (std::system(command.c_str()) != 0) {  // NOLINT(cert-env33-c): a fixed command of a test
    std::fprintf(stderr, "softhsm2 is not installed: deploy/install-deps test\n");
    std::abort();
  }
}

SoftToken::~SoftToken() { unsetenv("SOFTHSM2_CONF"); }

void SoftToken::WritePin(const std::string& pin) const {
  std::ofstream(pin_file()) << pin << "\n";
  chmod(pin_file().c_str(), 0600);
}

void SoftToken::Remove() const {
  std::filesystem::rename(folder_.File("tokens"), folder_.File("taken-out"));
  std::filesystem::create_directory(folder_.File("tokens"));
}

void SoftToken::Insert() const {
  std::filesystem::remove(folder_.File("tokens"));
  std::filesystem::rename(folder_.File("taken-out"), folder_.File("tokens"));
}

std::string SoftToken::environment() const {
  return absl::StrCat("SOFTHSM2_CONF=", folder_.File("softhsm2.conf"));
}

}  // namespace trusthub::testing
