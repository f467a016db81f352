// What stands beside the access matrix in the agreements shipped for Redbridge: early help by
// consent, confidential advice, emergency access, events, the records of governance, inspection.
#include "common/policy/redbridge_fixture.h"

namespace trusthub::policy {
namespace {

constexpr ConsentStanding kNone = ConsentStanding::kNone;
constexpr ConsentStanding kGiven = ConsentStanding::kGiven;
constexpr ConsentStanding kRefused = ConsentStanding::kRefused;
constexpr ConsentStanding kOverridden = ConsentStanding::kOverridden;
constexpr ConsentStanding kNotRequired = ConsentStanding::kNotRequired;

constexpr char kCommonAssessment[] =
    "operational assessment_status assessment_narrative child_voice consent worker";
constexpr char kLeast[] = "operational assessment_status assessment_narrative";

// Scenario 11: a common assessment is read within consent, by an override in a live enquiry, and
// otherwise by whoever made it.
INSTANTIATE_TEST_SUITE_P(
    EarlyHelp, RedbridgeMatrix,
    testing::Values(Cell{"community_health", "health_visitor", "early_help", "common_assessment",
                         kAuthor, kCommonAssessment},
                    Cell{"community_health", "health_visitor", "early_help", "common_assessment",
                         kAuthor, kCommonAssessment, 0, kRefused},
                    Cell{"school", "designated_lead", "early_help", "common_assessment", kHolding,
                         kCommonAssessment, 0, kGiven},
                    Cell{"school", "designated_lead", "early_help", "common_assessment", kHolding,
                         kCommonAssessment, 0, kNotRequired},
                    Cell{"school", "designated_lead", "early_help", "common_assessment", kHolding,
                         "", 0, kNone},
                    Cell{"mental_health_trust", "camhs_practitioner", "health_care",
                         "common_assessment", kHolding, kCommonAssessment, 0, kGiven},
                    Cell{"mental_health_trust", "camhs_practitioner", "health_care",
                         "common_assessment", kHolding, "", 0, kRefused},
                    Cell{"mental_health_trust", "camhs_practitioner", "health_care",
                         "common_assessment", 0, "", 0, kGiven},
                    Cell{"council", "screening_manager", "early_help", "common_assessment",
                         kHolding, kCommonAssessment, 0, kGiven},
                    Cell{"council", "screening_manager", "early_help", "common_assessment",
                         kHolding, "", 0, kOverridden},
                    Cell{"connexions", "connexions_adviser", "early_help", "common_assessment",
                         kHolding, kCommonAssessment, 0, kGiven},
                    Cell{"voluntary", "voluntary_worker", "early_help", "common_assessment",
                         kHolding, kCommonAssessment, 0, kGiven},
                    Cell{"voluntary", "voluntary_worker", "early_help", "common_assessment",
                         kHolding, "", 0, kRefused},
                    // The police read none while it is all there is, whatever the family said.
                    Cell{"police_force", "child_abuse_investigator", "police_protection",
                         "common_assessment", kHolding | kReferrer | kEnquiry, "", 0, kGiven},
                    Cell{"police_force", "child_abuse_investigator", "police_protection",
                         "common_assessment", kEnquiry, "", kLiveEnquiry, kNone},
                    Cell{"police_force", "child_abuse_investigator", "police_protection",
                         "common_assessment", kEnquiry, "", kLiveEnquiry, kRefused},
                    Cell{"police_force", "child_abuse_investigator", "police_protection",
                         "common_assessment", kEnquiry, kLeast, kLiveEnquiry, kOverridden},
                    Cell{"police_force", "child_abuse_investigator", "child_protection_enquiry",
                         "common_assessment", kEnquiry, kLeast, kLiveEnquiry, kGiven},
                    Cell{"acute_trust", "general_practitioner", "child_protection_enquiry",
                         "common_assessment", kEnquiry, kLeast, kLiveEnquiry, kOverridden},
                    Cell{"council", "social_worker", "child_protection_enquiry",
                         "common_assessment", kAllocated | kResponsible,
                         "operational assessment_status assessment_narrative child_voice worker",
                         kLiveEnquiry, kOverridden},
                    Cell{"council", "social_worker", "child_protection_enquiry",
                         "common_assessment", kResponsible, "", kLiveEnquiry, kOverridden},
                    Cell{"council", "social_worker", "child_protection_enquiry",
                         "common_assessment", kAllocated | kResponsible, "", 0, kOverridden},
                    Cell{"council", "team_manager", "child_protection_enquiry", "common_assessment",
                         kResponsible,
                         "operational assessment_status assessment_narrative child_voice worker",
                         kLiveEnquiry, kOverridden},
                    Cell{"council", "team_manager", "child_protection_enquiry", "common_assessment",
                         kResponsible, "", kLiveEnquiry, kRefused}));

// Scenario 12.
INSTANTIATE_TEST_SUITE_P(
    ConfidentialAdvice, RedbridgeMatrix,
    testing::Values(Cell{"community_health", "school_nurse", "health_care", "consultation", kAuthor,
                         "operational sexual_health"},
                    Cell{"community_health", "school_nurse", "health_care", "consultation",
                         kHolding, ""},
                    Cell{"community_health", "caldicott_guardian", "governance", "consultation",
                         kOwner, "operational sexual_health"},
                    Cell{"council", "caldicott_guardian", "governance", "consultation",
                         kEveryRelation & ~(kOwner | kAuthor), "", kEveryFlag},
                    Cell{"council", "social_worker", "child_protection_enquiry", "consultation",
                         kEveryRelation & ~kReleased, "", kEveryFlag},
                    Cell{"council", "social_worker", "child_protection_enquiry", "consultation",
                         kReleased, "operational sexual_health"},
                    Cell{"police_force", "child_abuse_investigator", "police_protection",
                         "consultation", kReleased, "operational sexual_health"},
                    Cell{"school", "designated_lead", "education_support", "consultation",
                         kEveryRelation, "", kEveryFlag},
                    Cell{"council", "virtual_school_head", "education_support", "consultation",
                         kEveryRelation, "", kEveryFlag}));

constexpr char kEverything[] =
    "operational identity contact confidential_address family characteristics referral_concern "
    "referral_decision assessment_narrative assessment_status child_voice plan_status plan_content "
    "health_summary health_detail sexual_health mental_health police_intelligence legal lado "
    "adoption third_party worker involvement access_history medical_needs consent "
    "sharing_decision";

INSTANTIATE_TEST_SUITE_P(
    EmergencyAccess, RedbridgeMatrix,
    testing::Values(
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child", kBreakGlass,
             "operational contact", 0, kNone, "operational contact"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child", kBreakGlass, "", 0,
             kNone, ""},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "child", kBreakGlass,
             "operational identity contact family plan_status", 0, kNone, kEverything},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "plan", kBreakGlass,
             "operational identity contact family plan_status", 0, kNone, kEverything},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "health_record", kBreakGlass,
             "operational identity health_summary health_detail medical_needs mental_health", 0,
             kNone, kEverything},
        Cell{"acute_trust", "emergency_nurse", "health_care", "child", kBreakGlass, "", 0, kNone,
             kEverything},
        Cell{"acute_trust", "emergency_receptionist", "unscheduled_care", "child", kBreakGlass, "",
             0, kNone, kEverything},
        Cell{"community_health", "general_practitioner", "health_care", "health_record",
             kBreakGlass, "operational health_detail", 0, kNone, "operational health_detail"},
        Cell{"community_health", "health_visitor", "health_care", "child", kBreakGlass, "", 0,
             kNone, kEverything},
        Cell{"council", "social_worker", "child_protection_enquiry", "enquiry", kBreakGlass,
             "operational assessment_narrative", 0, kNone, "operational assessment_narrative"},
        Cell{"council", "social_worker", "child_protection_enquiry", "child", kBreakGlass,
             "operational identity contact family characteristics plan_status involvement", 0,
             kNone, kEverything},
        Cell{"council", "social_worker", "child_protection_enquiry", "strategy_discussion",
             kBreakGlass,
             "operational identity family characteristics referral_concern referral_decision "
             "assessment_narrative assessment_status child_voice plan_status plan_content worker",
             0, kNone, kEverything},
        Cell{"council", "social_worker", "child_protection_enquiry", "contact", kBreakGlass, "", 0,
             kNone, kEverything},
        Cell{"council", "social_worker", "child_protection_enquiry", "placement", kBreakGlass, "",
             0, kNone, kEverything},
        Cell{"council", "social_worker", "child_protection_enquiry", "consultation", kBreakGlass,
             "", 0, kNone, kEverything},
        Cell{"council", "social_worker", "child_protection_enquiry", "allegation", kBreakGlass, "",
             0, kNone, kEverything},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "plan", kBreakGlass,
             "operational plan_status plan_content", 0, kNone, kEverything},
        Cell{"school", "designated_lead", "education_support", "child", kBreakGlass, "", 0, kNone,
             kEverything}));

INSTANTIATE_TEST_SUITE_P(
    Attendances, RedbridgeMatrix,
    testing::Values(
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "attendance",
             kOwner | kAuthor | kPresenting,
             "operational identity plan_status health_summary health_detail third_party "
             "access_history"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "attendance", kPresenting,
             "operational identity plan_status access_history health_summary"},
        Cell{"community_health", "health_visitor", "health_care", "attendance", kHolding,
             "operational identity health_summary health_detail"},
        Cell{"council", "team_manager", "child_protection_enquiry", "attendance", kResponsible,
             "operational identity health_summary", kLiveEnquiry},
        Cell{"council", "team_manager", "child_protection_enquiry", "attendance", kResponsible, ""},
        Cell{"council", "social_worker", "child_protection_enquiry", "attendance", kAllocated,
             "operational identity health_summary", kLiveEnquiry},
        Cell{"council", "social_worker", "child_protection_enquiry", "attendance", kResponsible, "",
             kLiveEnquiry},
        Cell{"council", "social_worker", "assessment", "attendance", kAllocated | kResponsible, "",
             kLiveEnquiry},
        Cell{"school", "designated_lead", "education_support", "attendance", kEveryRelation, ""},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "attendance",
             kEveryRelation, ""},
        Cell{"housing", "housing_officer", "housing_support", "attendance", kEveryRelation, ""}));

INSTANTIATE_TEST_SUITE_P(
    Assessments, RedbridgeMatrix,
    testing::Values(Cell{"council", "social_worker", "assessment", "assessment", kResponsible,
                         "operational assessment_status worker"},
                    Cell{"council", "screening_manager", "screening", "assessment", kOwner,
                         "operational assessment_status worker"},
                    Cell{"school", "designated_lead", "early_help", "assessment", kEveryRelation,
                         "", kEveryFlag, kGiven}));

INSTANTIATE_TEST_SUITE_P(
    Events, RedbridgeMatrix,
    testing::Values(
        Cell{"council", "team_manager", "assessment", "event", kResponsible,
             "operational referral_decision assessment_status plan_status involvement "
             "access_history consent"},
        Cell{"council", "social_worker", "assessment", "event", kAllocated | kResponsible,
             "operational referral_decision assessment_status plan_status involvement "
             "access_history consent"},
        Cell{"council", "social_worker", "assessment", "event", kResponsible,
             "operational referral_decision plan_status access_history"},
        Cell{"council", "social_worker", "assessment", "event", kHolding, ""},
        Cell{"council", "social_worker", "assessment", "event", kPublic, ""},
        Cell{"community_health", "caldicott_guardian", "governance", "event", kOwner,
             "operational access_history consent"},
        Cell{"community_health", "caldicott_guardian", "governance", "event", kHolding, ""},
        Cell{"council", "information_governance_lead", "governance", "event", kResponsible,
             "operational access_history consent"},
        Cell{"council", "social_worker", "child_protection_enquiry", "event", kAsked,
             "operational involvement"},
        Cell{"council", "team_manager", "child_protection_enquiry", "event", kAsked, ""},
        Cell{"school", "designated_lead", "education_support", "event", kHolding, ""}));

INSTANTIATE_TEST_SUITE_P(
    Consents, RedbridgeMatrix,
    testing::Values(
        Cell{"community_health", "health_visitor", "early_help", "consent", kOwner,
             "operational consent"},
        Cell{"voluntary", "voluntary_worker", "early_help", "consent", kOwner,
             "operational consent"},
        Cell{"connexions", "connexions_adviser", "early_help", "consent", kAuthor,
             "operational consent"},
        Cell{"school", "designated_lead", "early_help", "consent", kHolding, "operational consent",
             0, kGiven},
        Cell{"school", "designated_lead", "early_help", "consent", kHolding, "", 0, kRefused},
        Cell{"council", "social_worker", "assessment", "consent", kResponsible,
             "operational consent", 0, kRefused},
        Cell{"council", "team_manager", "child_protection_enquiry", "consent_override", kOwner,
             "operational consent worker"},
        Cell{"council", "social_worker", "child_protection_enquiry", "consent_override", kOwner,
             ""},
        Cell{"council", "social_worker", "child_protection_enquiry", "consent_override", kAllocated,
             "operational consent worker"},
        Cell{"community_health", "health_visitor", "early_help", "consent_override", kReleased,
             "operational consent"},
        Cell{"community_health", "health_visitor", "early_help", "consent_override", kHolding, ""},
        Cell{"community_health", "caldicott_guardian", "governance", "consent_override", kReleased,
             "operational consent"},
        Cell{"community_health", "caldicott_guardian", "governance", "consent_override",
             kHolding | kOwner, ""},
        Cell{"council", "caldicott_guardian", "governance", "consent_override", kOwner,
             "operational consent worker"},
        Cell{"council", "caldicott_guardian", "governance", "consent_override", kResponsible, ""},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "consent",
             kEveryRelation, "", kEveryFlag, kGiven},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "sharing_decision", kAuthor,
             "operational sharing_decision"},
        Cell{"council", "placement_officer", "looked_after_care", "sharing_decision", kOwner,
             "operational sharing_decision"},
        Cell{"council", "social_worker", "assessment", "sharing_decision", kOwner, ""},
        Cell{"council", "social_worker", "assessment", "sharing_decision", kAllocated,
             "operational sharing_decision"},
        // What another agency kept back, and why, would tell what there is.
        Cell{"council", "social_worker", "assessment", "sharing_decision", kAllocated, "", 0, kNone,
             "", "community_health"},
        Cell{"council", "social_worker", "assessment", "sharing_decision", kAllocated, "", 0, kNone,
             "", "police_force"},
        Cell{"school", "designated_lead", "education_support", "sharing_decision",
             kEveryRelation & ~(kOwner | kAuthor), "", kEveryFlag},
        Cell{"council", "caldicott_guardian", "governance", "sharing_decision", kOwner,
             "operational sharing_decision"}));

INSTANTIATE_TEST_SUITE_P(
    Governance, RedbridgeMatrix,
    testing::Values(
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "break_glass", kAuthor,
             "operational access_history"},
        Cell{"acute_trust", "emergency_nurse", "unscheduled_care", "break_glass", kPresenting, ""},
        Cell{"acute_trust", "caldicott_guardian", "governance", "break_glass", kOwner,
             "operational access_history"},
        Cell{"council", "caldicott_guardian", "governance", "break_glass", kResponsible,
             "operational access_history"},
        Cell{"mental_health_trust", "caldicott_guardian", "governance", "break_glass", kHolding,
             ""},
        Cell{"police_force", "information_governance_lead", "governance", "access_review", kOwner,
             "operational access_history"},
        Cell{"police_force", "child_abuse_investigator", "police_protection", "access_review",
             kEveryRelation, ""},
        Cell{"council", "team_manager", "assessment", "access_review", kEveryRelation, ""},
        Cell{"council", "caldicott_guardian", "governance", "access_review", kResponsible, ""},
        Cell{"council", "caldicott_guardian", "governance", "conflict", kOwner,
             "operational worker"},
        Cell{"council", "team_manager", "assessment", "conflict", kAuthor, "operational worker"},
        Cell{"council", "social_worker", "assessment", "conflict", kEveryRelation, ""},
        Cell{"council", "social_worker", "assessment", "allocation", kOwner,
             "operational involvement"},
        Cell{"school", "designated_lead", "education_support", "allocation", kOwner,
             "operational involvement"},
        Cell{"school", "designated_lead", "education_support", "allocation", kHolding, ""},
        Cell{"council", "information_governance_lead", "governance", "agreement_set", kPublic,
             "operational"},
        Cell{"council", "social_worker", "assessment", "agreement_set", kPublic, ""}));

INSTANTIATE_TEST_SUITE_P(
    Inspection, RedbridgeMatrix,
    testing::Values(
        Cell{"inspectorate", "inspector", "inspection", "plan", kReleased,
             "operational referral_decision assessment_status plan_status"},
        Cell{"inspectorate", "inspector", "inspection", "plan", kEveryRelation & ~kReleased, "",
             kEveryFlag},
        Cell{"safeguarding_board", "board_manager", "inspection", "conference", kReleased,
             "operational referral_decision assessment_status plan_status"},
        Cell{"council", "performance_analyst", "inspection", "referral", kOwner,
             "operational characteristics referral_decision assessment_status plan_status"},
        Cell{"council", "performance_analyst", "inspection", "child", kEveryRelation, "",
             kEveryFlag},
        Cell{"council", "performance_analyst", "assessment", "referral", kOwner, ""},
        Cell{"council", "performance_analyst", "inspection", "attendance", kResponsible, "", 0,
             kNone, "", "acute_trust"}));

// Who saw a child's record: worker by worker for whoever answers for it, without workers for
// subjects.
INSTANTIATE_TEST_SUITE_P(
    Disclosures, RedbridgeMatrix,
    testing::Values(
        Cell{"council", "data_protection_officer", "governance", "disclosure", kOwner,
             "operational access_history worker"},
        Cell{"school", "data_protection_officer", "governance", "disclosure", kAuthor,
             "operational access_history worker"},
        Cell{"council", "data_protection_officer", "subject_rights", "disclosure", kOwner,
             "operational access_history"},
        Cell{"council", "data_protection_officer", "governance", "disclosure", kResponsible, ""},
        Cell{"acute_trust", "caldicott_guardian", "governance", "disclosure", kHolding, ""},
        Cell{"hub", "data_protection_officer", "governance", "disclosure", kOwner, ""},
        Cell{"council", "auditor", "audit_review", "disclosure", kOwner, ""},
        Cell{"council", "team_manager", "governance", "disclosure", kOwner, ""}));

INSTANTIATE_TEST_SUITE_P(
    Retention, RedbridgeMatrix,
    testing::Values(
        Cell{"police_force", "information_governance_lead", "governance", "legal_hold", kOwner,
             "operational sharing_decision worker"},
        Cell{"council", "caldicott_guardian", "governance", "legal_hold", kResponsible,
             "operational"},
        Cell{"school", "data_protection_officer", "governance", "legal_hold", kHolding, ""},
        Cell{"council", "social_worker", "governance", "legal_hold", kOwner, ""},
        Cell{"council", "data_protection_officer", "governance", "destruction", kOwner,
             "operational"},
        Cell{"school", "data_protection_officer", "governance", "destruction", kReleased,
             "operational"},
        Cell{"school", "data_protection_officer", "governance", "destruction", kPublic, ""},
        Cell{"council", "team_manager", "governance", "destruction", kOwner, ""}));

INSTANTIATE_TEST_SUITE_P(
    Directory, RedbridgeMatrix,
    testing::Values(Cell{"school", "designated_lead", "education_support", "worker", kPublic,
                         "operational worker"},
                    Cell{"voluntary", "voluntary_worker", "early_help", "agency", kPublic,
                         "operational worker"},
                    Cell{"hub", "directory_administrator", "directory_administration", "agency",
                         kPublic, "operational worker"},
                    Cell{"inspectorate", "auditor", "audit_review", "audit_entry", kPublic,
                         "operational"},
                    Cell{"school", "designated_lead", "education_support", "audit_entry", kPublic,
                         "operational"},
                    Cell{"school", "designated_lead", "audit_review", "audit_entry", kPublic, ""},
                    Cell{"council", "social_worker", "governance", "audit_entry", kPublic, ""}));

}  // namespace
}  // namespace trusthub::policy
