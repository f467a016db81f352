#include "common/store/postgres/server_checks.h"

#include <map>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "common/base/status_macros.h"

namespace trusthub::store::postgres {
namespace {

// Pipelines and `data_checksums` as they are asked for here; older ones are out of support.
constexpr int kOldestVersion = 140'000;

struct Wanted {
  const char* setting;
  const char* value;
  const char* why;
};

constexpr Wanted kWanted[] = {
    {"fsync", "on", "what is acknowledged would be lost when the machine stops"},
    {"full_page_writes", "on", "a page written in part would stay so after a crash"},
    {"data_sync_retry", "off", "a failed fsync would be taken for a good one when tried again"},
    {"data_checksums", "on", "damage on disk would be answered from; see pg_checksums --enable"},
    {"ignore_checksum_failure", "off", "damage on disk would be answered from"},
    {"zero_damaged_pages", "off", "damaged pages would be emptied"},
    {"server_encoding", "UTF8", "make the database with ENCODING 'UTF8'"},
    {"transaction_read_only", "off", "nothing can be written here; name the primary"},
};

constexpr char kQuery[] =
    "SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'full_page_writes',"
    " 'data_sync_retry', 'data_checksums', 'ignore_checksum_failure', 'zero_damaged_pages',"
    " 'server_encoding', 'transaction_read_only', 'synchronous_commit',"
    " 'synchronous_standby_names', 'server_version_num')";

absl::Status Refused(absl::string_view setting, absl::string_view is, absl::string_view wanted,
                     absl::string_view why) {
  return absl::FailedPreconditionError(
      absl::StrCat("the server has ", setting, " = ", is, " and must have ", wanted, ": ", why));
}

absl::Status CheckVersion(const std::string& number) {
  int version = 0;
  if (absl::SimpleAtoi(number, &version) && version >= kOldestVersion) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the server is version ", number, "; 14 is the oldest that serves"));
}

// "local" waits for this server's disk alone, which is enough where no standby could take over with
// less.
absl::Status CheckSynchronous(const std::string& commit, const std::string& standbys) {
  if (commit == "on" || commit == "remote_apply") return absl::OkStatus();
  if (commit == "local" && standbys.empty()) return absl::OkStatus();
  return Refused("synchronous_commit", commit, "on or remote_apply",
                 "what is acknowledged could be lost");
}

}  // namespace

absl::Status CheckServer(Connection& connection, bool allow_plain, absl::Duration limit) {
  if (!connection.is_local() && !connection.is_encrypted() && !allow_plain) {
    return absl::FailedPreconditionError("the connection is not encrypted");
  }
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<Rows> results,
                            connection.Run({Command(kQuery)}, limit));
  std::map<std::string, std::string> settings;
  for (int row = 0; row < results[0].size(); ++row) {
    settings[results[0].StringAt(row, 0)] = results[0].StringAt(row, 1);
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckVersion(settings["server_version_num"]));
  for (const Wanted& wanted : kWanted) {
    const auto found = settings.find(wanted.setting);
    const std::string is = found == settings.end() ? "nothing" : found->second;
    if (is != wanted.value) return Refused(wanted.setting, is, wanted.value, wanted.why);
  }
  return CheckSynchronous(settings["synchronous_commit"], settings["synchronous_standby_names"]);
}

}  // namespace trusthub::store::postgres
