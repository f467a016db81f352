// The access matrix (domain.md 8), row by row, in the agreements shipped for Redbridge: in each row
// its columns in order, first what is given, then what stands beside it and is not.
#include "common/policy/redbridge_cells.h"

namespace trusthub::policy {
namespace {

constexpr char kWholeChild[] =
    "operational identity contact family characteristics involvement plan_status third_party "
    "worker";
constexpr char kWholeChildAndHiddenAddress[] =
    "operational identity contact confidential_address family characteristics involvement "
    "plan_status third_party worker";
constexpr char kReferralOfAnAuthor[] =
    "operational identity characteristics referral_concern referral_decision worker";
constexpr char kScreening[] =
    "operational identity contact family characteristics referral_concern referral_decision "
    "assessment_narrative child_voice police_intelligence third_party worker";
constexpr char kOnDuty[] =
    "operational identity contact family characteristics referral_concern referral_decision "
    "assessment_narrative child_voice third_party worker";
constexpr char kAssessing[] =
    "operational identity contact family characteristics referral_concern referral_decision "
    "assessment_narrative assessment_status child_voice plan_status health_summary health_detail "
    "mental_health police_intelligence third_party worker involvement";
constexpr char kAssessingWithLegalAdvice[] =
    "operational identity contact family characteristics referral_concern referral_decision "
    "assessment_narrative assessment_status child_voice plan_status health_summary health_detail "
    "mental_health police_intelligence legal third_party worker involvement";
constexpr char kReviewing[] =
    "operational identity contact family characteristics referral_concern referral_decision "
    "assessment_narrative assessment_status child_voice plan_status health_summary mental_health "
    "third_party worker involvement";
constexpr char kPlanning[] =
    "operational identity family assessment_status assessment_narrative child_voice plan_status "
    "plan_content health_summary third_party worker involvement";
constexpr char kMinutes[] = "operational assessment_status assessment_narrative worker";
constexpr char kCoreGroupPart[] = "operational plan_status plan_content worker";
constexpr char kOwnAction[] = "operational plan_status plan_content";
constexpr char kHealthPlan[] = "operational health_summary health_detail medical_needs";
constexpr char kClinical[] =
    "operational health_summary health_detail medical_needs mental_health worker";
constexpr char kAnswers[] =
    "operational assessment_status assessment_narrative police_intelligence worker";

INSTANTIATE_TEST_SUITE_P(
    PlanStatus, RedbridgeMatrix,
    testing::Values(
        Cell{"council", "social_worker", "assessment", "child", kAllocated | kResponsible,
             kWholeChildAndHiddenAddress},
        Cell{"council", "social_worker", "assessment", "child", kResponsible, kWholeChild},
        Cell{"council", "social_worker", "assessment", "child", kHolding, kWholeChild},
        Cell{"council", "conference_chair", "child_protection_planning", "child", kOwner,
             kWholeChild},
        Cell{"council", "social_worker", "assessment", "child", 0, ""},
        Cell{"council", "social_worker", "unscheduled_care", "child", kResponsible, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child_status", kPresenting,
             "operational identity plan_status access_history health_summary"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child_status", kHolding, ""},
        Cell{"acute_trust", "emergency_nurse", "health_care", "child_status", kPresenting, ""},
        Cell{"acute_trust", "emergency_receptionist", "unscheduled_care", "child_status",
             kPresenting, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child", kHolding,
             "operational identity contact characteristics"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child", kHolding | kPresenting,
             "operational identity contact characteristics plan_status"},
        Cell{"community_health", "health_visitor", "health_care", "child", kHolding,
             "operational identity contact family characteristics plan_status"},
        Cell{"community_health", "general_practitioner", "health_care", "child", kHolding,
             "operational identity contact family characteristics plan_status"},
        Cell{"community_health", "school_nurse", "health_care", "child", kHolding,
             "operational identity contact family characteristics plan_status"},
        Cell{"community_health", "health_visitor", "safeguarding_referral", "child", kHolding,
             "operational identity contact family characteristics"},
        Cell{"school", "designated_lead", "education_support", "child", kHolding,
             "operational identity contact characteristics plan_status"},
        Cell{"school", "designated_lead", "safeguarding_referral", "child", kHolding | kReferrer,
             "operational identity contact characteristics"},
        Cell{"school", "designated_lead", "education_support", "child", kReferrer,
             "operational identity contact characteristics"},
        Cell{"school", "designated_lead", "education_support", "child", kResponsible, ""},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "child", kHolding,
             "operational identity contact family characteristics"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "child", kReferrer,
             "operational identity contact family characteristics plan_status"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "child", kEnquiry,
             "operational identity contact confidential_address family characteristics "
             "plan_status"},
        Cell{"housing", "housing_officer", "housing_support", "child", kHolding,
             "operational identity contact"},
        Cell{"housing", "housing_officer", "housing_support", "child_status", kHolding, ""},
        Cell{"housing", "housing_officer", "housing_support", "child", kCoreGroup,
             "operational identity contact plan_status"},
        Cell{"mental_health_trust", "camhs_practitioner", "health_care", "child", kHolding,
             "operational identity contact family characteristics plan_status"},
        Cell{"council", "independent_reviewing_officer", "assessment", "child", kResponsible,
             kWholeChildAndHiddenAddress},
        Cell{"council", "virtual_school_head", "education_support", "child", kResponsible, ""},
        Cell{"council", "virtual_school_head", "education_support", "child", kResponsible,
             "operational identity characteristics plan_status", kLookedAfter},
        Cell{"connexions", "connexions_adviser", "early_help", "child", kHolding,
             "operational identity contact characteristics"},
        Cell{"connexions", "connexions_adviser", "early_help", "child_status", kHolding, ""},
        Cell{"voluntary", "voluntary_worker", "early_help", "child", kHolding,
             "operational identity contact"},
        Cell{"voluntary", "voluntary_worker", "early_help", "child_status", kHolding, ""}));

INSTANTIATE_TEST_SUITE_P(
    PlanContent, RedbridgeMatrix,
    testing::Values(
        Cell{"council", "social_worker", "child_protection_planning", "plan",
             kAllocated | kResponsible,
             "operational identity family assessment_status assessment_narrative child_voice "
             "plan_status plan_content health_summary legal third_party worker involvement"},
        Cell{"council", "social_worker", "child_protection_planning", "plan", kResponsible,
             kPlanning},
        Cell{"council", "conference_chair", "child_protection_planning", "conference", kAuthor,
             kPlanning},
        Cell{"council", "social_worker", "assessment", "plan", kResponsible, ""},
        Cell{"council", "screening_manager", "child_protection_planning", "plan", kResponsible, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "plan", kPresenting,
             "operational plan_status"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "plan", kPresenting | kCoreGroup,
             "operational plan_status"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "plan", kHolding, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "plan_action", kEveryRelation,
             ""},
        Cell{"community_health", "health_visitor", "health_care", "plan", kCoreGroup,
             kCoreGroupPart},
        Cell{"community_health", "general_practitioner", "health_care", "plan", kCoreGroup,
             kCoreGroupPart},
        Cell{"community_health", "health_visitor", "health_care", "plan", kHolding, ""},
        Cell{"school", "designated_lead", "education_support", "plan", kCoreGroup, kCoreGroupPart},
        Cell{"school", "designated_lead", "education_support", "plan", kHolding, ""},
        Cell{"school", "designated_lead", "education_support", "plan_action", kOwner, kOwnAction},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "plan", kCoreGroup,
             kCoreGroupPart},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "plan", kEnquiry,
             "operational plan_status"},
        Cell{"housing", "housing_officer", "housing_support", "plan", kCoreGroup, ""},
        Cell{"housing", "housing_officer", "housing_support", "plan_action", kOwner, kOwnAction},
        // One action gives no sight of another's.
        Cell{"housing", "housing_officer", "housing_support", "plan_action",
             kCoreGroup | kActionOwner | kHolding, ""},
        Cell{"mental_health_trust", "camhs_practitioner", "health_care", "plan", kCoreGroup,
             "operational plan_status"},
        Cell{"mental_health_trust", "camhs_practitioner", "health_care", "plan", kHolding, ""},
        Cell{"mental_health_trust", "camhs_practitioner", "health_care", "plan_action", kOwner,
             kOwnAction},
        Cell{"council", "independent_reviewing_officer", "child_protection_planning", "plan",
             kResponsible, kPlanning},
        Cell{"council", "virtual_school_head", "education_support", "plan", kOwner | kResponsible,
             "", kLookedAfter},
        Cell{"council", "virtual_school_head", "education_support", "plan_action", kOwner,
             kOwnAction, kLookedAfter},
        Cell{"council", "virtual_school_head", "education_support", "plan_action", kOwner, ""}));

INSTANTIATE_TEST_SUITE_P(
    Referral, RedbridgeMatrix,
    testing::Values(
        Cell{"council", "social_worker", "assessment", "referral", kAllocated | kResponsible,
             kAssessing},
        Cell{"council", "social_worker", "assessment", "referral", kResponsible, kOnDuty},
        Cell{"council", "social_worker", "screening", "referral", kOwner, kOnDuty},
        Cell{"council", "screening_manager", "screening", "referral", kOwner, kScreening},
        Cell{"council", "screening_manager", "screening", "referral", 0, ""},
        Cell{"acute_trust", "emergency_nurse", "safeguarding_referral", "referral", kAuthor,
             kReferralOfAnAuthor},
        Cell{"community_health", "health_visitor", "safeguarding_referral", "referral", kAuthor,
             kReferralOfAnAuthor},
        Cell{"community_health", "general_practitioner", "safeguarding_referral", "referral",
             kAuthor, kReferralOfAnAuthor},
        Cell{"community_health", "general_practitioner", "safeguarding_referral", "referral",
             kHolding, ""},
        Cell{"school", "designated_lead", "safeguarding_referral", "referral",
             kAuthor | kReferrer | kHolding, kReferralOfAnAuthor},
        Cell{"school", "designated_lead", "safeguarding_referral", "referral", kReferrer | kHolding,
             ""},
        Cell{"school", "designated_lead", "education_support", "referral", kAuthor, ""},
        Cell{"police_force", "child_abuse_investigator", "safeguarding_referral", "referral",
             kAuthor, kReferralOfAnAuthor},
        Cell{"police_force", "child_abuse_investigator", "safeguarding_referral", "referral",
             kEnquiry, ""},
        Cell{"housing", "housing_officer", "safeguarding_referral", "referral", kAuthor,
             "operational identity characteristics referral_concern worker"},
        Cell{"mental_health_trust", "camhs_practitioner", "safeguarding_referral", "referral",
             kAuthor, "operational identity characteristics referral_concern worker"},
        Cell{"connexions", "connexions_adviser", "safeguarding_referral", "referral", kAuthor,
             kReferralOfAnAuthor},
        Cell{"voluntary", "voluntary_worker", "safeguarding_referral", "referral", kAuthor,
             kReferralOfAnAuthor},
        Cell{"council", "independent_reviewing_officer", "screening", "referral", kResponsible,
             kReviewing},
        Cell{"council", "virtual_school_head", "education_support", "referral", kEveryRelation, "",
             kEveryFlag}));

INSTANTIATE_TEST_SUITE_P(
    Minutes, RedbridgeMatrix,
    testing::Values(
        Cell{"council", "social_worker", "child_protection_enquiry", "strategy_discussion",
             kAllocated | kResponsible, kAssessingWithLegalAdvice},
        Cell{"council", "social_worker", "child_protection_enquiry", "strategy_discussion",
             kOwner | kAuthor | kResponsible | kHolding, ""},
        Cell{"council", "social_worker", "child_protection_enquiry", "enquiry", kAllocated,
             kAssessingWithLegalAdvice},
        Cell{"council", "social_worker", "child_protection_enquiry", "enquiry",
             kOwner | kResponsible, ""},
        Cell{"council", "team_manager", "child_protection_enquiry", "enquiry",
             kOwner | kResponsible, kAssessingWithLegalAdvice},
        Cell{"council", "team_manager", "child_protection_enquiry", "enquiry", 0, ""},
        Cell{"acute_trust", "emergency_nurse", "child_protection_enquiry", "strategy_discussion",
             kEnquiry, kMinutes},
        Cell{"acute_trust", "emergency_nurse", "child_protection_enquiry", "strategy_discussion",
             kPresenting | kHolding, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "enquiry", kEnquiry, ""},
        Cell{"community_health", "health_visitor", "child_protection_enquiry",
             "strategy_discussion", kEnquiry, kMinutes},
        Cell{"community_health", "general_practitioner", "child_protection_enquiry",
             "strategy_discussion", kEnquiry, kMinutes},
        Cell{"community_health", "general_practitioner", "child_protection_enquiry",
             "strategy_discussion", kHolding | kCoreGroup, ""},
        Cell{"school", "designated_lead", "child_protection_enquiry", "strategy_discussion",
             kEnquiry, kMinutes},
        Cell{"school", "designated_lead", "child_protection_enquiry", "strategy_discussion",
             kHolding | kReferrer, ""},
        Cell{"police_force", "child_abuse_investigator", "child_protection_enquiry",
             "strategy_discussion", kEnquiry, kMinutes},
        Cell{"police_force", "child_abuse_investigator", "child_protection_enquiry",
             "strategy_discussion", kHolding | kReferrer, ""},
        Cell{"police_force", "child_abuse_investigator", "child_protection_enquiry", "enquiry",
             kEnquiry, ""},
        Cell{"housing", "housing_officer", "child_protection_enquiry", "strategy_discussion",
             kEnquiry, kMinutes},
        Cell{"housing", "housing_officer", "child_protection_enquiry", "strategy_discussion",
             kHolding | kCoreGroup, ""},
        Cell{"mental_health_trust", "camhs_practitioner", "child_protection_enquiry",
             "strategy_discussion", kEnquiry, kMinutes},
        Cell{"mental_health_trust", "camhs_practitioner", "child_protection_enquiry",
             "strategy_discussion", kHolding, ""},
        Cell{"council", "independent_reviewing_officer", "child_protection_enquiry", "enquiry",
             kResponsible, kReviewing},
        Cell{"council", "virtual_school_head", "child_protection_enquiry", "strategy_discussion",
             kEveryRelation, "", kEveryFlag}));

INSTANTIATE_TEST_SUITE_P(
    HealthPlan, RedbridgeMatrix,
    testing::Values(
        Cell{"council", "social_worker", "assessment", "health_record", kAllocated | kResponsible,
             kHealthPlan},
        Cell{"council", "social_worker", "child_protection_enquiry", "health_record", kAllocated,
             "operational health_summary health_detail medical_needs mental_health", kLiveEnquiry},
        Cell{"council", "social_worker", "child_protection_enquiry", "health_record", kResponsible,
             "", kLiveEnquiry},
        Cell{"council", "team_manager", "child_protection_enquiry", "health_record", kResponsible,
             "operational health_summary", kLiveEnquiry},
        Cell{"council", "team_manager", "child_protection_enquiry", "health_record", kResponsible,
             ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "health_record", kPresenting,
             "operational health_summary"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "health_record", kHolding, ""},
        Cell{"community_health", "general_practitioner", "health_care", "health_record", kHolding,
             kClinical},
        Cell{"community_health", "health_visitor", "health_care", "health_record", kAuthor,
             kClinical},
        Cell{"community_health", "school_nurse", "health_care", "health_record", kHolding,
             kClinical},
        Cell{"community_health", "health_visitor", "health_care", "health_record", kEnquiry, ""},
        Cell{"school", "designated_lead", "education_support", "health_record", kHolding,
             "operational medical_needs"},
        Cell{"school", "designated_lead", "education_support", "health_record", kCoreGroup, ""},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "health_record",
             kEveryRelation, "", kEveryFlag},
        Cell{"housing", "housing_officer", "housing_support", "health_record", kEveryRelation, "",
             kEveryFlag},
        Cell{"mental_health_trust", "camhs_practitioner", "health_care", "health_record", kHolding,
             kClinical},
        Cell{"mental_health_trust", "camhs_practitioner", "health_care", "health_record", kEnquiry,
             ""},
        Cell{"council", "independent_reviewing_officer", "looked_after_care", "health_record",
             kResponsible, kHealthPlan},
        Cell{"council", "virtual_school_head", "education_support", "health_record",
             kEveryRelation & ~kBreakGlass, "", kEveryFlag},
        // Only what the council keeps is the council's to give, and health bodies give what is
        // theirs.
        Cell{"community_health", "general_practitioner", "health_care", "health_record", kHolding,
             "", 0, ConsentStanding::kNone, "", "school"},
        Cell{"school", "designated_lead", "education_support", "health_record", kHolding, "", 0,
             ConsentStanding::kNone, "", "council"}));

INSTANTIATE_TEST_SUITE_P(
    PoliceIntelligence, RedbridgeMatrix,
    testing::Values(
        Cell{"council", "social_worker", "child_protection_enquiry", "contact",
             kAllocated | kResponsible, kAssessing},
        Cell{"council", "social_worker", "child_protection_enquiry", "check",
             kAllocated | kResponsible, kAnswers},
        Cell{"council", "social_worker", "child_protection_enquiry", "contact",
             kOwner | kResponsible, ""},
        Cell{"council", "social_worker", "screening", "contact", kOwner | kResponsible, ""},
        Cell{"council", "social_worker", "child_protection_enquiry", "check", kOwner | kResponsible,
             ""},
        Cell{"council", "screening_manager", "screening", "contact", kOwner, kScreening},
        Cell{"council", "team_manager", "child_protection_enquiry", "check", kOwner, kAnswers},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "contact", kEveryRelation, ""},
        Cell{"acute_trust", "emergency_nurse", "health_care", "check", kAsked,
             "operational assessment_status assessment_narrative"},
        Cell{"community_health", "health_visitor", "safeguarding_referral", "contact",
             kHolding | kReferrer, ""},
        Cell{"community_health", "general_practitioner", "health_care", "check", kAsked,
             "operational assessment_status assessment_narrative"},
        Cell{"school", "designated_lead", "safeguarding_referral", "contact", kHolding | kReferrer,
             ""},
        Cell{"school", "designated_lead", "education_support", "check", kAsked,
             "operational assessment_status assessment_narrative"},
        Cell{"school", "designated_lead", "education_support", "check", kHolding | kEnquiry, ""},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "contact", kAuthor,
             "operational police_intelligence worker"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "contact", kHolding,
             ""},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "check", kAsked,
             "operational assessment_status assessment_narrative police_intelligence"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "check", kEnquiry,
             ""},
        Cell{"housing", "housing_officer", "housing_support", "contact", kEveryRelation, ""},
        Cell{"housing", "housing_officer", "housing_support", "check", kAsked,
             "operational assessment_status assessment_narrative"},
        Cell{"mental_health_trust", "camhs_practitioner", "health_care", "contact", kEveryRelation,
             ""},
        Cell{"mental_health_trust", "camhs_practitioner", "health_care", "check", kAsked,
             "operational assessment_status assessment_narrative"},
        Cell{"council", "independent_reviewing_officer", "child_protection_enquiry", "check",
             kResponsible,
             "operational assessment_status assessment_narrative police_intelligence"},
        Cell{"council", "independent_reviewing_officer", "child_protection_enquiry", "contact",
             kResponsible, ""},
        Cell{"council", "virtual_school_head", "child_protection_enquiry", "contact",
             kEveryRelation, "", kEveryFlag}));

INSTANTIATE_TEST_SUITE_P(
    ConfidentialAddress, RedbridgeMatrix,
    testing::Values(
        Cell{"council", "social_worker", "looked_after_care", "placement", kAllocated,
             "operational contact confidential_address plan_status plan_content adoption worker"},
        Cell{"council", "social_worker", "child_protection_enquiry", "placement", kAllocated,
             "operational contact confidential_address plan_status plan_content worker"},
        Cell{"council", "social_worker", "looked_after_care", "placement", kOwner | kResponsible,
             "operational plan_status", kLookedAfter},
        Cell{"council", "social_worker", "looked_after_care", "child", kOwner | kResponsible,
             kWholeChild},
        Cell{"council", "team_manager", "looked_after_care", "placement", kOwner | kResponsible,
             "operational plan_status plan_content worker"},
        Cell{"council", "placement_officer", "looked_after_care", "placement", kOwner,
             "operational contact confidential_address plan_status plan_content adoption worker"},
        Cell{"council", "placement_officer", "looked_after_care", "placement", kHolding, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "placement", kPresenting,
             "operational plan_status"},
        Cell{"community_health", "health_visitor", "health_care", "placement", kHolding,
             "operational plan_status"},
        Cell{"community_health", "general_practitioner", "health_care", "placement", kHolding,
             "operational plan_status"},
        Cell{"school", "designated_lead", "education_support", "placement", kHolding,
             "operational plan_status"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "placement", kEnquiry,
             "operational contact confidential_address plan_status"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "placement",
             kHolding | kReferrer, ""},
        Cell{"housing", "housing_officer", "housing_support", "placement", kEveryRelation, "",
             kEveryFlag},
        Cell{"mental_health_trust", "camhs_practitioner", "health_care", "placement", kHolding,
             "operational plan_status"},
        Cell{"council", "independent_reviewing_officer", "looked_after_care", "placement",
             kResponsible,
             "operational contact confidential_address plan_status plan_content worker"},
        Cell{"council", "virtual_school_head", "education_support", "placement", kResponsible,
             "operational plan_status", kLookedAfter},
        Cell{"council", "virtual_school_head", "education_support", "placement", kResponsible,
             ""}));

INSTANTIATE_TEST_SUITE_P(
    Allegations, RedbridgeMatrix,
    testing::Values(Cell{"council", "allegations_officer", "child_protection_enquiry", "allegation",
                         kOwner, "operational lado"},
                    Cell{"council", "allegations_officer", "child_protection_enquiry", "allegation",
                         kResponsible, ""},
                    Cell{"council", "social_worker", "child_protection_enquiry", "allegation",
                         kEveryRelation, "", kEveryFlag},
                    Cell{"council", "team_manager", "child_protection_enquiry", "allegation",
                         kEveryRelation, "", kEveryFlag},
                    Cell{"police_force", "child_abuse_investigator", "child_protection_enquiry",
                         "allegation", kEnquiry, "operational lado"},
                    Cell{"police_force", "child_abuse_investigator", "police_protection",
                         "allegation", kHolding | kReferrer, ""},
                    Cell{"school", "designated_lead", "child_protection_enquiry", "allegation",
                         kEveryRelation, "", kEveryFlag},
                    Cell{"council", "independent_reviewing_officer", "child_protection_enquiry",
                         "allegation", kEveryRelation, "", kEveryFlag}));

}  // namespace
}  // namespace trusthub::policy
