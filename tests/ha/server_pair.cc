#include "tests/ha/server_pair.h"

#include "absl/strings/str_cat.h"

namespace trusthub::ha {
namespace {

constexpr char kSocket[] = ".s.PGSQL.5432";

}  // namespace

ServerPair::ServerPair()
    : primary_(*testing::PostgresServer::Start()), relay_(primary_->socket_folder(), kSocket) {
  testing::PostgresServer::Own(relay_.folder());
  testing::PostgresServer::Own(absl::StrCat(relay_.folder(), "/", kSocket));
  standby_ = *testing::PostgresServer::StartStandby(*primary_, "second", relay_.folder());
  // As deploy/postgres has it: one that looks for its primary is promoted when it has looked.
  standby_->AddSetting("wal_retrieve_retry_interval = '200ms'");
  standby_->Reload();
  database_ = std::make_unique<testing::PostgresDatabase>(primary_->socket_folder());
  primary_->AddSetting("synchronous_standby_names = 'second'");
  primary_->Reload();
  while (database_->Run("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")
             .value() != "1") {
  }
}

std::string ServerPair::UrlAt(const std::string& hosts) const {
  return absl::StrCat("postgresql://hub@/postgres?host=", hosts, "&options=-csearch_path%3D",
                      database_->name());
}

void ServerPair::Promote() {
  // As whoever fails over must: it would wait for a standby of its own for ever.
  standby_->AddSetting("synchronous_standby_names = ''");
  standby_->Reload();
  standby_->Promote().IgnoreError();  // what does not take over is seen by the trial
}

}  // namespace trusthub::ha
