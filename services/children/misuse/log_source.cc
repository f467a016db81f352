#include "services/children/misuse/log_source.h"

#include <set>
#include <utility>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/audit/children_of_records.h"
#include "common/base/limits.h"
#include "common/base/status_macros.h"
#include "common/rpc/channel.h"

namespace trusthub::children {
namespace {

constexpr int kChildrenRead = 500;

class RemoteLogSource final : public LogSource {
 public:
  RemoteLogSource(std::shared_ptr<rpc::Client> client, std::string service)
      : client_(std::move(client)), service_(std::move(service)) {}

  absl::StatusOr<std::vector<std::string>> Trees() override {
    TRUSTHUB_ASSIGN_OR_RETURN(const auto response, client_->Call<audit::v1::ListTreesResponse>(
                                                       audit::v1::ListTreesRequest(), Context()));
    std::vector<std::string> trees;
    for (const audit::v1::TreeHead& head : response.heads()) trees.push_back(head.tree());
    return trees;
  }

  absl::StatusOr<audit::v1::ListEntriesResponse> Read(const std::string& tree,
                                                      std::int64_t first_index,
                                                      int count) override {
    audit::v1::ListEntriesRequest request;
    request.set_tree(tree);
    request.set_first_index(first_index);
    request.set_page_size(count);
    return client_->Call<audit::v1::ListEntriesResponse>(request, Context());
  }

 private:
  rpc::CallContext Context() const {
    rpc::CallContext context;
    context.purpose = "hub_operation";
    context.case_reference = "misuse-detection";
    context.timeout = absl::Seconds(5);  // the end of the process waits for it
    context.service = service_;
    return context;
  }

  const std::shared_ptr<rpc::Client> client_;
  const std::string service_;
};

class OwnLogSource final : public LogSource {
 public:
  explicit OwnLogSource(const rpc::Backstage& backstage) : backstage_(backstage) {}

  absl::StatusOr<std::vector<std::string>> Trees() override {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<store::Snapshot> snapshot, Open());
    return snapshot->Trees();
  }

  absl::StatusOr<audit::v1::ListEntriesResponse> Read(const std::string& tree,
                                                      std::int64_t first_index,
                                                      int count) override {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<store::Snapshot> snapshot, Open());
    if (!tree.empty()) TRUSTHUB_RETURN_IF_ERROR(snapshot->TurnTo(tree));
    audit::v1::ListEntriesResponse response;
    TRUSTHUB_ASSIGN_OR_RETURN(const std::int64_t size, snapshot->LeafCount());
    response.set_tree_size(size);
    response.set_tree(tree.empty() ? backstage_.audit_tree : tree);
    TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<store::StoredLeaf> leaves,
                              snapshot->ReadLeaves(first_index, count));
    if (!leaves.empty()) TRUSTHUB_RETURN_IF_ERROR(LearnPseudonyms(*snapshot));
    audit::ChildrenOfRecords children(snapshot.get());
    for (const store::StoredLeaf& leaf : leaves) {
      audit::v1::LoggedEntry& logged = *response.add_entries();
      logged.set_index(leaf.index);
      logged.set_leaf_input(leaf.bytes);
      TRUSTHUB_RETURN_IF_ERROR(FillChildren(children, &logged));
    }
    return response;
  }

 private:
  absl::StatusOr<std::unique_ptr<store::Snapshot>> Open() const {
    return backstage_.store->Open(backstage_.clocks.real->Now() +
                                  absl::Milliseconds(limits::kCallMillisDefault));
  }

  // An entry that does not parse is the reader's to notice.
  absl::Status FillChildren(audit::ChildrenOfRecords& children, audit::v1::LoggedEntry* logged) {
    audit::v1::AuditEntry entry;
    if (!entry.ParseFromString(logged->leaf_input())) return absl::OkStatus();
    TRUSTHUB_ASSIGN_OR_RETURN(std::set<std::string> names, children.Of(entry));
    for (const std::string& pseudonym : entry.child_pseudonyms()) {
      const auto known = children_.find(pseudonym);
      if (known != children_.end()) names.insert(known->second);
    }
    for (const std::string& name : names) logged->add_children(name);
    return absl::OkStatus();
  }

  // Children that were added since the last look.
  absl::Status LearnPseudonyms(store::Snapshot& snapshot) {
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(
          const std::vector<store::StoredRecord> records,
          snapshot.ListByKind(options::v1::RECORD_KIND_CHILD, last_child_, kChildrenRead));
      for (const store::StoredRecord& record : records) {
        const absl::StatusOr<std::string> pseudonym =
            backstage_.pseudonyms->Of(record.name, snapshot);
        if (pseudonym.ok()) children_[*pseudonym] = record.name;
        // One whose key was destroyed is in no entry any more; all others will be had later.
        if (!pseudonym.ok() && !absl::IsNotFound(pseudonym.status())) return pseudonym.status();
        last_child_ = record.position;
      }
      if (static_cast<int>(records.size()) < kChildrenRead) return absl::OkStatus();
    }
  }

  const rpc::Backstage backstage_;
  std::int64_t last_child_ = 0;  // position of the last child that was learnt
  absl::flat_hash_map<std::string, std::string> children_;  // by pseudonym
};

}  // namespace

std::unique_ptr<LogSource> RemoteLog(std::shared_ptr<rpc::Client> client, std::string service) {
  return std::make_unique<RemoteLogSource>(std::move(client), std::move(service));
}

std::unique_ptr<LogSource> OwnLog(const rpc::Backstage& backstage) {
  return std::make_unique<OwnLogSource>(backstage);
}

}  // namespace trusthub::children
