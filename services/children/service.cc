#include "services/children/service.h"

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/base/status_macros.h"
#include "common/rpc/channel.h"
#include "services/children/misuse/detector.h"
#include "services/children/misuse/misuse_watch.h"
#include "services/children/reindexing.h"
#include "services/children/retention/examination.h"

namespace trusthub::children {
namespace {

// What serves the calls.
struct Domain {
  Children children;
  BreakGlasses break_glasses;
  SharingDecisions sharing_decisions;
  Consents consents;
  Allocations allocations;
  Conflicts conflicts;
  AccessReviews access_reviews;
  LegalHolds legal_holds;
};

absl::StatusOr<std::shared_ptr<Domain>> MakeDomain(const std::string& settings_folder) {
  TRUSTHUB_ASSIGN_OR_RETURN(MatchingRules matching,
                            LoadMatchingRules(settings_folder + "/matching.yaml"));
  TRUSTHUB_ASSIGN_OR_RETURN(BreakGlassRules break_glass,
                            LoadBreakGlassRules(settings_folder + "/break_glass.yaml"));
  return std::make_shared<Domain>(
      Domain{Children(std::move(matching)), BreakGlasses(break_glass), {}, {}, {}, {}, {}, {}});
}

// A detector that reads the log of this service and those of all that are configured.
absl::StatusOr<std::shared_ptr<const Detector>> MakeDetector(const config::Config& config) {
  TRUSTHUB_ASSIGN_OR_RETURN(MisuseRules rules,
                            LoadMisuseRules(config.settings_folder + "/misuse.yaml"));
  std::vector<std::string> sources = {config.service};
  for (const auto& [name, address] : config.services) sources.push_back(name);
  return std::make_shared<const Detector>(std::move(rules), std::move(sources));
}

// Those that keep something of children beside this one; they follow it, and it them.
const std::vector<std::string>& Keepers() {
  static const auto& names =
      *new std::vector<std::string>{"referrals", "assessments", "plans", "health"};
  return names;
}

AskHoldings AskOverTheWire(std::shared_ptr<rpc::Client> client) {
  return [client = std::move(client)](const std::string& service, const std::string& child) {
    retention::v1::GetHoldingsRequest request;
    request.set_held_child(child);
    rpc::CallContext context;
    context.purpose = "hub_operation";
    context.case_reference = "retention";
    context.timeout = absl::Seconds(5);  // less than the call has that waits for it
    context.service = service;
    return client->Call<retention::v1::GetHoldingsResponse>(request, context);
  };
}

absl::StatusOr<std::shared_ptr<Destructions>> MakeDestructions(
    const rpc::Environment& environment, const std::vector<rpc::Routes>& routes) {
  TRUSTHUB_ASSIGN_OR_RETURN(
      trusthub::retention::Schedules schedules,
      trusthub::retention::LoadSchedules(environment.config.rules_folder + "/retention"));
  Examiner::Options options;
  options.schedules = std::make_shared<const trusthub::retention::Schedules>(std::move(schedules));
  options.others = Keepers();
  options.ask = AskOverTheWire(environment.client);
  options.own_types = rpc::RecordTypesOf(routes);
  options.own_service = environment.config.service;
  return std::make_shared<Destructions>(std::make_shared<const Examiner>(std::move(options)),
                                        environment.erasure);
}

std::unique_ptr<rpc::Background> WatchForMisuse(const rpc::Backstage& backstage,
                                                const config::Config& config,
                                                std::shared_ptr<const Detector> detector) {
  std::map<std::string, std::unique_ptr<LogSource>> logs;
  logs[config.service] = OwnLog(backstage);
  for (const auto& [name, address] : config.services) {
    logs[name] = RemoteLog(backstage.client, name);
  }
  return StartMisuseWatch(backstage, std::move(detector), std::move(logs));
}

}  // namespace

rpc::Routes ChildrenRoutes(Children* children) {
  rpc::Routes routes(v1::RegisterChildRequest::descriptor()->file());
  routes.Add(&Children::RegisterChild, children)
      .Add(&Children::GetChild, children)
      .Add(&Children::CheckChild, children);
  return routes;
}

rpc::Routes AccessReviewsRoutes(AccessReviews* access_reviews) {
  rpc::Routes routes(v1::GetAccessReviewRequest::descriptor()->file());
  routes.Add(&AccessReviews::GetAccessReview, access_reviews)
      .Add(&AccessReviews::ListAccessReviews, access_reviews)
      .Add(&AccessReviews::CloseAccessReview, access_reviews);
  return routes;
}

rpc::Routes BreakGlassRoutes(BreakGlasses* break_glasses) {
  rpc::Routes routes(v1::OpenBreakGlassRequest::descriptor()->file());
  routes.Add(&BreakGlasses::OpenBreakGlass, break_glasses)
      .Add(&BreakGlasses::GetBreakGlass, break_glasses)
      .Add(&BreakGlasses::ListBreakGlasses, break_glasses)
      .Add(&BreakGlasses::ReviewBreakGlass, break_glasses);
  return routes;
}

rpc::Routes SharingDecisionsRoutes(SharingDecisions* sharing_decisions) {
  rpc::Routes routes(v1::RecordSharingDecisionRequest::descriptor()->file());
  routes.Add(&SharingDecisions::RecordSharingDecision, sharing_decisions)
      .Add(&SharingDecisions::GetSharingDecision, sharing_decisions)
      .Add(&SharingDecisions::ListSharingDecisions, sharing_decisions);
  return routes;
}

rpc::Routes ConsentsRoutes(Consents* consents) {
  rpc::Routes routes(v1::RecordConsentRequest::descriptor()->file());
  routes.Add(&Consents::RecordConsent, consents)
      .Add(&Consents::GetConsent, consents)
      .Add(&Consents::ListConsents, consents)
      .Add(&Consents::WithdrawConsent, consents)
      .Add(&Consents::OverrideConsent, consents)
      .Add(&Consents::GetConsentOverride, consents);
  return routes;
}

rpc::Routes AllocationsRoutes(Allocations* allocations, Conflicts* conflicts) {
  rpc::Routes routes(v1::AllocateWorkerRequest::descriptor()->file());
  routes.Add(&Allocations::AllocateWorker, allocations)
      .Add(&Allocations::EndAllocation, allocations)
      .Add(&Allocations::ListAllocations, allocations)
      .Add(&Conflicts::DeclareConflict, conflicts)
      .Add(&Conflicts::EndConflict, conflicts)
      .Add(&Conflicts::ListConflicts, conflicts);
  return routes;
}

rpc::Routes RetentionRoutes(Destructions* destructions, LegalHolds* legal_holds) {
  rpc::Routes routes(retention::v1::ProposeDestructionRequest::descriptor()->file());
  routes.Add(&Destructions::ExamineRetention, destructions)
      .Add(&Destructions::ListDueChildren, destructions)
      .Add(&Destructions::ProposeDestruction, destructions)
      .Add(&Destructions::ApproveDestruction, destructions)
      .Add(&Destructions::OrderDestruction, destructions)
      .Add(&Destructions::GetDestruction, destructions)
      .Add(&Destructions::ListDestructions, destructions)
      .Add(&LegalHolds::PlaceLegalHold, legal_holds)
      .Add(&LegalHolds::ReleaseLegalHold, legal_holds)
      .Add(&LegalHolds::ListLegalHolds, legal_holds);
  return routes;
}

absl::StatusOr<rpc::ServiceParts> MakeChildren(const rpc::Environment& environment) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::shared_ptr<Domain> domain,
                            MakeDomain(environment.config.settings_folder));
  TRUSTHUB_ASSIGN_OR_RETURN(std::shared_ptr<const Detector> detector,
                            MakeDetector(environment.config));
  rpc::ServiceParts parts;
  parts.routes = {ChildrenRoutes(&domain->children),
                  BreakGlassRoutes(&domain->break_glasses),
                  SharingDecisionsRoutes(&domain->sharing_decisions),
                  ConsentsRoutes(&domain->consents),
                  AllocationsRoutes(&domain->allocations, &domain->conflicts),
                  AccessReviewsRoutes(&domain->access_reviews)};
  TRUSTHUB_ASSIGN_OR_RETURN(const std::shared_ptr<Destructions> destructions,
                            MakeDestructions(environment, parts.routes));
  parts.routes.push_back(RetentionRoutes(destructions.get(), &domain->legal_holds));
  parts.sources = {"directory"};
  parts.sources.insert(parts.sources.end(), Keepers().begin(), Keepers().end());
  parts.apply = [domain, detector, destructions](store::Transaction& tx,
                                                 const events::v1::Event& event) -> absl::Status {
    if (event.has_worker()) return detector->TakeUpWorker(tx, event.worker());
    TRUSTHUB_RETURN_IF_ERROR(destructions->ApplyEvent(tx, event));
    return domain->children.ApplyEvent(tx, event);
  };
  parts.owns_child_facts = true;
  parts.prepare = [domain](const rpc::Backstage& stage) {
    return ReindexIfNeeded(*stage.store, stage.index_hash, *stage.clocks.domain,
                           domain->children.rules());
  };
  parts.start_background = [config = environment.config, detector](const rpc::Backstage& stage) {
    return WatchForMisuse(stage, config, detector);
  };
  parts.domain = std::move(domain);
  return parts;
}

}  // namespace trusthub::children
