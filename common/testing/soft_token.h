// File: soft_token.h
//
// A PKCS#11 token in a folder, by Debian's softhsm2: for tests of keys that stand in hardware.
#ifndef TRUSTHUB_COMMON_TESTING_SOFT_TOKEN_H_
#define TRUSTHUB_COMMON_TESTING_SOFT_TOKEN_H_

#include <string>

#include "common/testing/temp_folder.h"

namespace trusthub::testing {

// One at a time in a process: the library finds it by the environment variable SOFTHSM2_CONF.
class SoftToken {
 public:
  static constexpr char kModule[] = "/usr/lib/softhsm/libsofthsm2.so";
  static constexpr char kLabel[] = "trusthub";
  static constexpr char kPin[] = "2468013579-right";

  // Ends the test program when softhsm2 is not installed.
  SoftToken();
  ~SoftToken();

  // The path of a file that holds the PIN, of its owner alone.
  std::string pin_file() const { return folder_.File("pin"); }
  void WritePin(const std::string& pin) const;
  // Takes the token out, and puts it back.
  void Remove() const;
  void Insert() const;
  // "SOFTHSM2_CONF=..." for other processes.
  std::string environment() const;

 private:
  const TempFolder folder_;
};

}  // namespace trusthub::testing

#endif  // TRUSTHUB_COMMON_TESTING_SOFT_TOKEN_H_
