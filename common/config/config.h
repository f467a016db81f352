// File: config.h
//
// The configuration of a service process: one struct, one strict loader, one dump that hides paths
// of secrets. YAML; an unknown key, a missing one or a wrong type is an error that names file and
// line. Relative paths are relative to the file.
#ifndef TRUSTHUB_COMMON_CONFIG_CONFIG_H_
#define TRUSTHUB_COMMON_CONFIG_CONFIG_H_

#include <map>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace trusthub::config {

struct Config {
  std::string service;       // "referrals"
  std::string listen;        // "127.0.0.1:7403"; port 0 takes a free one
  std::string folder;        // where the file itself is
  std::string data_folder;   // the store and the spool live here
  std::string store;         // postgresql://...; empty for SQLite files in data_folder
  std::string rules_folder;  // deploy/config: timescales/, code_sets/
  std::string agreements_folder;
  std::string settings_folder;  // the borough's own data files, e.g. matching.yaml

  // TLS of the server and of calls to other services.
  std::string certificate;  // PEM chain, leaf first
  std::string key;          // PEM, readable by its owner only
  std::string client_ca;    // PEM bundle: the CAs of all agencies and the hub
  std::string server_ca;    // PEM: the hub's CA alone; what peers are checked against

  std::string trust_file;  // trust domains; see common/auth/README.md
  std::string audience;    // `aud` of user tokens
  std::string audit_key;   // PEM, Ed25519
  std::string master_key;  // 64 hex digits
  std::string data_keys;   // the key ring that wraps the keys of data (crypto/keys/key_ring.h)

  // Name -> host:port of the others; of one with replicas several, with commas between.
  std::map<std::string, std::string> services;

  int threads = 0;        // of the executor; 0: as many as the machine has cores, at least 2
  int queue = 0;          // calls that may wait; 0 means limits::kQueuedCallsMax
  std::string metrics;    // host:port of the Prometheus endpoint; empty for none
  std::string port_file;  // where the bound port is written; empty for nowhere

  // Sandbox only: refused unless sandbox is true.
  bool sandbox = false;
  std::string clock_file;   // sets the domain clock
  bool reflection = false;  // serves gRPC reflection
};

absl::StatusOr<Config> Load(absl::string_view path);
// One line a setting, without the contents or paths of secrets.
std::string Dump(const Config& config);

}  // namespace trusthub::config

#endif  // TRUSTHUB_COMMON_CONFIG_CONFIG_H_
