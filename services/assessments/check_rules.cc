#include "services/assessments/check_rules.h"

#include "absl/algorithm/container.h"
#include "common/proto/police_grading.h"

namespace trusthub::assessments {
namespace {

// s47(11) and s27(3).
constexpr absl::string_view kMustAssist[] = {"COUNCIL", "HOUSING", "ACUTE_TRUST",
                                             "COMMUNITY_HEALTH", "MENTAL_HEALTH_TRUST"};
// Children Act 2004 s10, s11: the police and Connexions are partners by s10(4); schools since 12
// January 2010, and before under s175 of the Education Act 2002; voluntary organisations are bodies
// engaged in activities for children, with which a council arranges to co-operate by s10(1)(c).
constexpr absl::string_view kCoOperate[] = {"POLICE_FORCE", "SCHOOL", "CONNEXIONS", "VOLUNTARY"};

absl::Status MayNotBeAsked(absl::string_view rule, absl::string_view next) {
  return error::RuleBroken(errors::v1::ERROR_REASON_BASIS_MISSING, rule, next);
}

}  // namespace

bool RestsOnEnquiry(v1::CheckKind kind) { return kind != v1::CHECK_KIND_SECTION_27_HELP; }

std::vector<error::Violation> EnquiryViolations(const v1::Check& check) {
  if (RestsOnEnquiry(check.kind()) && check.enquiry().empty()) {
    return {{"check.enquiry", "is required: name the live section 47 enquiry"}};
  }
  if (!RestsOnEnquiry(check.kind()) && !check.enquiry().empty()) {
    return {{"check.enquiry",
             "does not belong to help under section 27; leave it out, or ask under section 47"}};
  }
  return {};
}

absl::Status CheckMayBeAsked(v1::CheckKind kind, absl::string_view agency_kind) {
  const bool must_assist = absl::c_linear_search(kMustAssist, agency_kind);
  const bool co_operates = absl::c_linear_search(kCoOperate, agency_kind);
  if (!must_assist && !co_operates) {
    return MayNotBeAsked(
        "Councils, housing authorities, NHS bodies, the police, schools, Connexions and voluntary "
        "organisations are asked about a child; no other agency of the hub holds records of "
        "children.",
        "Ask an agency of these kinds, or speak to the other one with the family's consent.");
  }
  if (kind == v1::CHECK_KIND_CO_OPERATION) {
    if (co_operates) return absl::OkStatus();
    return MayNotBeAsked(
        "Councils, housing authorities and NHS bodies owe an enquiry more than co-operation: they "
        "assist under section 47(9) to (11) of the Children Act 1989.",
        "Ask with kind SECTION_47_ASSIST.");
  }
  if (must_assist) return absl::OkStatus();
  return MayNotBeAsked(
      "Sections 47(11) and 27(3) of the Children Act 1989 name councils, housing authorities and "
      "NHS bodies. The police, schools, Connexions and voluntary organisations are asked under "
      "sections 10 and 11 of the Children Act 2004.",
      "During an enquiry ask with kind CO_OPERATION.");
}

std::vector<error::Violation> IntelligenceViolations(const v1::AnswerCheckRequest& request,
                                                     absl::string_view agency_kind) {
  if (!request.has_intelligence()) return {};
  if (agency_kind != "POLICE_FORCE") {
    return {{"intelligence", "is for the police alone; put what you know in answer"}};
  }
  return proto::PoliceGradingViolations(request.intelligence().grading(), "intelligence.grading");
}

}  // namespace trusthub::assessments
