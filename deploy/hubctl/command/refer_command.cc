#include <cstdio>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/time/civil_date.h"
#include "deploy/hubctl/command/command.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/settle.h"
#include "trusthub/children/v1/children_service.pb.h"
#include "trusthub/referrals/v1/referrals_service.pb.h"

namespace trusthub::hubctl {
namespace {

using children::v1::RegisterChildRequest;
using children::v1::RegisterChildResponse;
using referrals::v1::Referral;
using referrals::v1::SubmitReferralRequest;
using referrals::v1::SubmitReferralResponse;

constexpr char kPurpose[] = "safeguarding_referral";
// The child index tells the referrals service of a new child within a moment.
constexpr absl::Duration kSettleLimit = absl::Seconds(10);

struct Options {
  std::string worker;
  std::string case_reference = "hubctl";
  std::string to = "redbridge-council";
  std::string request_id;
  std::string receipt;
  std::string child;  // a name; or who it is:
  std::string given, family, birth_date, sex = "unknown", nhs_number, postcode;
  std::string upn, ethnicity, language;
  std::string source, need = "N1", category, concern, no_consent_reason;
  bool parent_informed = false;
};

absl::StatusOr<std::string> RegisterChild(Desk& desk, const Options& options) {
  RegisterChildRequest request;
  request.set_request_id(StableUuid(absl::StrCat("register ", options.request_id)));
  children::v1::ChildDetails& details = *request.mutable_details();
  details.mutable_person_name()->set_given(options.given);
  details.mutable_person_name()->set_family(options.family);
  TRUSTHUB_ASSIGN_OR_RETURN(const absl::CivilDay born, ParseDay(options.birth_date));
  *details.mutable_birth_date() = DateToProto(born);
  children::v1::Sex sex = children::v1::SEX_UNSPECIFIED;
  children::v1::Sex_Parse(absl::StrCat("SEX_", absl::AsciiStrToUpper(options.sex)), &sex);
  details.set_sex(sex);
  details.set_nhs_number(options.nhs_number);
  details.set_upn(options.upn);
  details.set_ethnicity(options.ethnicity);
  details.set_first_language(options.language);
  if (!options.postcode.empty()) details.mutable_address()->set_postcode(options.postcode);
  TRUSTHUB_ASSIGN_OR_RETURN(const auto response, desk.Call<RegisterChildResponse>(
                                                     request, kPurpose, options.case_reference));
  return response.child();
}

SubmitReferralRequest TheReferral(const Options& options, const std::string& child) {
  SubmitReferralRequest request;
  request.set_request_id(options.request_id);
  request.set_to_agency(absl::StrCat("agencies/", options.to));
  Referral& referral = *request.mutable_referral();
  referral.set_child(child);
  referral.set_source(options.source);
  referral.set_primary_need(options.need);
  referral.set_abuse_category(options.category);
  referral.set_concern(options.concern);
  referral.set_parent_informed(options.parent_informed);
  referral.set_no_consent_reason(options.no_consent_reason);
  referral.set_upn(options.upn);
  referral.set_ethnicity(options.ethnicity);
  referral.set_first_language(options.language);
  return request;
}

absl::Status Refer(const Invocation& invocation, Options options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Hub> hub, invocation.OpenHub());
  TRUSTHUB_ASSIGN_OR_RETURN(const std::unique_ptr<Desk> desk, hub->DeskOf(options.worker));
  if (options.request_id.empty()) options.request_id = RandomUuid();
  std::string child = options.child;
  if (child.empty()) {
    TRUSTHUB_ASSIGN_OR_RETURN(child, RegisterChild(*desk, options));
  }
  SubmitReferralResponse response;
  rpc::ReceivedAnswer received;
  TRUSTHUB_RETURN_IF_ERROR(Settle(kSettleLimit, [&] {
    return desk->Call(TheReferral(options, child), kPurpose, options.case_reference, "", &response,
                      &received);
  }));
  TRUSTHUB_RETURN_IF_ERROR(KeepReceipt(options.receipt, received));
  if (invocation.json) {
    PrintJson(JsonOf(response));
    return absl::OkStatus();
  }
  const absl::StatusOr<absl::CivilDay> due = DateFromProto(response.referral().decision_due_date());
  std::printf("Referred %s to %s as %s; a decision is due by %s.\n", child.c_str(),
              options.to.c_str(), response.referral().name().c_str(),
              due.ok() ? FormatDay(*due).c_str() : "no day");
  std::printf("Request id %s: the same id again gives the same referral.\n",
              options.request_id.c_str());
  return absl::OkStatus();
}

void AddChildOptions(CLI::App& command, Options& options) {
  CLI::Option* child = command.add_option("--child", options.child, "A child's name in the hub");
  CLI::Option* given = command.add_option("--given", options.given, "... or who it is: given name");
  CLI::Option* family = command.add_option("--family", options.family, "Family name");
  CLI::Option* born = command.add_option("--birth-date", options.birth_date, "As 2002-05-17");
  given->needs(family)->needs(born)->excludes(child);
  command.add_option("--sex", options.sex, "female, male or unknown")
      ->check(CLI::IsMember({"female", "male", "unknown"}))
      ->capture_default_str();
  command.add_option("--nhs-number", options.nhs_number, "NHS number, ten digits");
  command.add_option("--upn", options.upn, "Unique pupil number");
  command.add_option("--postcode", options.postcode, "Postcode");
  command.add_option("--ethnicity", options.ethnicity, "Code, e.g. APKN");
  command.add_option("--language", options.language, "First language, e.g. ur");
}

}  // namespace

void AddRefer(CLI::App& app, Invocation& invocation) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("refer", "Register a child and refer it to the council");
  command->add_option("--as", options->worker, "Worker who refers, e.g. uphall-lead-01")
      ->required();
  AddChildOptions(*command, *options);
  command->add_option("--to", options->to, "Council")->capture_default_str();
  command->add_option("--source", options->source, "Code of the source, e.g. 2A schools")
      ->required();
  command->add_option("--need", options->need, "Code of the need")->capture_default_str();
  command->add_option("--category", options->category, "Category of abuse, e.g. NEG");
  command->add_option("--concern", options->concern, "What the concern is")->required();
  command->add_flag("--parent-informed", options->parent_informed, "The parents know");
  command->add_option("--no-consent-reason", options->no_consent_reason, "Why they do not");
  command->add_option("--case", options->case_reference, "Your own reference")
      ->capture_default_str();
  command->add_option("--request-id", options->request_id, "UUID: send the same one when unsure");
  AddReceiptOption(*command, options->receipt);
  command->callback([options, &invocation] {
    if (options->child.empty() && options->given.empty()) {
      throw CLI::ValidationError("say who the child is: --child, or --given --family --birth-date");
    }
    invocation.run = [options, &invocation] { return Refer(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
