// How a worker stands to a child, row by row.
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/relations.h"
#include "common/events/consents.h"
#include "common/events/events_fixtures.h"
#include "common/events/facts.h"
#include "common/time/civil_date.h"
#include "gtest/gtest.h"

namespace trusthub::events {
namespace {

using internal::v1::ChildFacts;
using options::v1::PURPOSE_ASSESSMENT;
using options::v1::PURPOSE_EARLY_HELP;
using policy::ConsentStanding;

constexpr char kSchool[] = "agencies/uphall-primary";
constexpr char kNelft[] = "agencies/nelft";
constexpr char kPolice[] = "agencies/met-police";
constexpr char kCouncil[] = "agencies/redbridge-council";
constexpr char kWorker[] = "workers/asha";

// The tests' day: Tuesday 16 March 2010, ten o'clock.
const absl::CivilDay kToday(2010, 3, 16);
const absl::Time kNow = absl::FromCivil(absl::CivilHour(2010, 3, 16, 10), London());

const Seeker kSchoolSeeks{kSchool, "SCHOOL", "workers/lead", PURPOSE_EARLY_HELP};
const Seeker kNelftSeeks{kNelft, "MENTAL_HEALTH_TRUST", "workers/camhs", PURPOSE_EARLY_HELP};
const Seeker kPoliceSeeks{kPolice, "POLICE_FORCE", "workers/pc", PURPOSE_EARLY_HELP};

// One consent as a row of text: `decision`, then what is included and excluded. Words with a slash
// are agencies, others kinds.
struct ConsentRow {
  std::string decision = "GIVEN";
  std::string included = {};
  std::string excluded = {};
  int decided = 0;   // days from kToday
  int expires = -1;  // days from kToday; below 0: never
};

void AddNames(absl::string_view words, google::protobuf::RepeatedPtrField<std::string>* agencies,
              google::protobuf::RepeatedPtrField<std::string>* kinds) {
  for (const absl::string_view word : absl::StrSplit(words, ' ', absl::SkipEmpty())) {
    *(absl::StrContains(word, "/") ? agencies : kinds)->Add() = std::string(word);
  }
}

class Consents {
 public:
  // Records a consent for early help, as the children service would; its name.
  std::string Record(const ConsentRow& row,
                     std::vector<options::v1::Purpose> purposes = {PURPOSE_EARLY_HELP}) {
    v1::ConsentFact fact;
    fact.set_consent(absl::StrCat("consents/", ++orders_));
    fact.set_decision(row.decision);
    for (const options::v1::Purpose purpose : purposes) fact.add_purposes(purpose);
    AddNames(row.included, fact.mutable_agencies(), fact.mutable_agency_kinds());
    AddNames(row.excluded, fact.mutable_excluded_agencies(), fact.mutable_excluded_kinds());
    *fact.mutable_decision_date() = DateToProto(kToday + row.decided);
    if (row.expires >= 0) *fact.mutable_expiry_date() = DateToProto(kToday + row.expires);
    *fact.mutable_record_time() = TimeToProto(kNow);
    fact.set_record_order(orders_);
    fact.set_change_order(orders_);
    all_.push_back(fact);
    MergeConsent(fact, &facts_);
    return fact.consent();
  }
  // Takes it back: wholly, or for `agency`.
  void TakeBack(absl::string_view name, absl::string_view agency = "", int day = 0) {
    for (v1::ConsentFact& fact : all_) {
      if (fact.consent() != name) continue;
      if (agency.empty()) fact.set_decision("WITHDRAWN");
      if (!agency.empty()) fact.add_excluded_agencies(std::string(agency));
      fact.set_change_order(++orders_);
      *fact.mutable_record_time() = TimeToProto(kNow + absl::Hours(24 * day));
      MergeConsent(fact, &facts_);
    }
  }
  ConsentStanding Of(const Seeker& seeker, int day = 0) const {
    return ConsentOf(facts_, seeker, kNow + absl::Hours(24 * day));
  }
  ChildFacts& facts() { return facts_; }

 private:
  int orders_ = 0;
  std::vector<v1::ConsentFact> all_;
  ChildFacts facts_;
};

struct ConsentCase {
  const char* what;
  ConsentRow row;
  ConsentStanding school;
  ConsentStanding nelft;
  ConsentStanding police;
};

TEST(ConsentOfTest, OneConsent) {
  using S = ConsentStanding;
  const std::vector<ConsentCase> cases = {
      {"given to all", {"GIVEN", "", ""}, S::kGiven, S::kGiven, S::kGiven},
      {"given to one", {"GIVEN", kSchool, ""}, S::kGiven, S::kNone, S::kNone},
      {"given to a kind", {"GIVEN", "SCHOOL", ""}, S::kGiven, S::kNone, S::kNone},
      {"to one and a kind", {"GIVEN", "agencies/nelft SCHOOL", ""}, S::kGiven, S::kGiven, S::kNone},
      {"all but one", {"GIVEN", "", kPolice}, S::kGiven, S::kGiven, S::kRefused},
      {"all but a kind", {"GIVEN", "", "POLICE_FORCE"}, S::kGiven, S::kGiven, S::kRefused},
      {"exclusion beats the same inclusion",
       {"GIVEN", kSchool, kSchool},
       S::kRefused,
       S::kNone,
       S::kNone},
      {"an excluded kind beats a named agency",
       {"GIVEN", kSchool, "SCHOOL"},
       S::kRefused,
       S::kNone,
       S::kNone},
      {"an excluded agency beats its kind",
       {"GIVEN", "SCHOOL", kSchool},
       S::kRefused,
       S::kNone,
       S::kNone},
      {"not sought", {"NOT_SOUGHT", "", ""}, S::kNone, S::kNone, S::kNone},
      {"not sought, one excluded", {"NOT_SOUGHT", "", kPolice}, S::kNone, S::kNone, S::kRefused},
      {"not required", {"NOT_REQUIRED", "", ""}, S::kNotRequired, S::kNotRequired, S::kNotRequired},
      {"not required for one", {"NOT_REQUIRED", kSchool, ""}, S::kNotRequired, S::kNone, S::kNone},
      {"refused", {"REFUSED", "", ""}, S::kRefused, S::kRefused, S::kRefused},
      {"withdrawn", {"WITHDRAWN", kSchool, ""}, S::kRefused, S::kRefused, S::kRefused},
      {"a word of a newer service", {"PERHAPS", "", ""}, S::kNone, S::kNone, S::kNone},
      {"its last day", {"GIVEN", "", kPolice, -9, 0}, S::kGiven, S::kGiven, S::kRefused},
  };
  for (const ConsentCase& test : cases) {
    Consents consents;
    consents.Record(test.row);
    EXPECT_EQ(consents.Of(kSchoolSeeks), test.school) << test.what;
    EXPECT_EQ(consents.Of(kNelftSeeks), test.nelft) << test.what;
    EXPECT_EQ(consents.Of(kPoliceSeeks), test.police) << test.what;
  }
}

TEST(ConsentOfTest, NobodyAsked) {
  Consents consents;
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kNone);
  consents.Record({}, {PURPOSE_ASSESSMENT});
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kNone) << "asked for another purpose";
}

TEST(ConsentOfTest, ExpiryEndsAYesAndNotANo) {
  Consents consents;
  consents.Record({"GIVEN", "", kPolice, -5, 3});
  EXPECT_EQ(consents.Of(kSchoolSeeks, 3), ConsentStanding::kGiven) << "the last day counts";
  EXPECT_EQ(consents.Of(kSchoolSeeks, 4), ConsentStanding::kNone);
  EXPECT_EQ(consents.Of(kPoliceSeeks, 4), ConsentStanding::kRefused);
  // Until midnight in London, which in summer is not that of UTC.
  Consents summer;
  summer.Record({"GIVEN", "", "", 0, 106});  // 30 June
  const absl::Time midnight = absl::FromCivil(absl::CivilDay(2010, 7, 1), London());
  EXPECT_EQ(ConsentOf(summer.facts(), kSchoolSeeks, midnight - absl::Seconds(1)),
            ConsentStanding::kGiven);
  EXPECT_EQ(ConsentOf(summer.facts(), kSchoolSeeks, midnight), ConsentStanding::kNone);
  // A day of which parts are missing is no day to rest on.
  Consents vague;
  vague.Record({});
  vague.facts().mutable_consents(0)->mutable_expiry_date()->set_year(2011);
  EXPECT_EQ(vague.Of(kSchoolSeeks), ConsentStanding::kNone);
}

TEST(ConsentOfTest, TheNewestCounts) {
  Consents consents;
  consents.Record({"REFUSED"});
  consents.Record({"GIVEN"});
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kGiven) << "of one day, the later recorded";
  consents.Record({"REFUSED", "", "", -1});
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kGiven) << "late news of an older word";
  consents.Record({"GIVEN", kNelft, ""});
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kNone) << "nothing adds up";
  consents.Record({"NOT_SOUGHT"}, {PURPOSE_ASSESSMENT});
  EXPECT_EQ(consents.Of(kNelftSeeks), ConsentStanding::kGiven) << "another purpose changes nothing";
}

TEST(ConsentOfTest, TakingBackOnlyTakesAway) {
  Consents consents;
  const std::string first = consents.Record({"GIVEN", "", ""});
  consents.TakeBack(first, kNelft);
  EXPECT_EQ(consents.Of(kNelftSeeks), ConsentStanding::kRefused);
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kGiven);

  const std::string second = consents.Record({"GIVEN", "agencies/uphall-primary agencies/nelft"});
  EXPECT_EQ(consents.Of(kNelftSeeks), ConsentStanding::kGiven) << "given again";
  EXPECT_EQ(consents.Of(kPoliceSeeks), ConsentStanding::kNone);

  // The first consent was to all. Taking it back for the school takes that from the school, and
  // must not bring its wider scope to life again.
  consents.TakeBack(first, kSchool);
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kRefused);
  EXPECT_EQ(consents.Of(kPoliceSeeks), ConsentStanding::kNone);

  consents.TakeBack(second);
  EXPECT_EQ(consents.Of(kNelftSeeks), ConsentStanding::kRefused);
  consents.Record({"GIVEN"});
  for (const Seeker& seeker : {kSchoolSeeks, kNelftSeeks, kPoliceSeeks}) {
    EXPECT_EQ(consents.Of(seeker), ConsentStanding::kGiven) << "asked anew";
  }
}

TEST(ConsentOfTest, AFormDatedBeforeAWithdrawalGivesNothing) {
  Consents consents;
  const std::string first = consents.Record({"GIVEN", "", "", -20});
  consents.TakeBack(first);
  consents.Record({"GIVEN", "", "", -1});
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kRefused);
  consents.Record({"GIVEN", "", "", 0});
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kGiven);
}

TEST(ConsentOfTest, AnOverrideOutweighsConsentForItsAgenciesPurposesAndTime) {
  Consents consents;
  consents.Record({"REFUSED"});
  v1::OverrideFact& fact = *consents.facts().add_consent_overrides();
  fact.add_to_agencies(kNelft);
  fact.add_purposes(PURPOSE_EARLY_HELP);
  *fact.mutable_expire_time() = TimeToProto(kNow + absl::Hours(48));
  EXPECT_EQ(consents.Of(kNelftSeeks), ConsentStanding::kOverridden);
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kRefused);
  EXPECT_EQ(consents.Of(kNelftSeeks, 2), ConsentStanding::kRefused) << "to the instant";
  EXPECT_EQ(ConsentOf(consents.facts(), kNelftSeeks, kNow + absl::Hours(48) - absl::Nanoseconds(1)),
            ConsentStanding::kOverridden);
  Seeker other = kNelftSeeks;
  other.purpose = PURPOSE_ASSESSMENT;
  EXPECT_EQ(consents.Of(other), ConsentStanding::kNone);
}

TEST(ConsentsTest, OnlyThoseThatMayDecideAreKept) {
  Consents consents;
  for (int i = 0; i < 100; ++i) {
    const std::string name =
        consents.Record({i % 3 == 0 ? "REFUSED" : "GIVEN"}, {PURPOSE_EARLY_HELP});
    if (i % 3 == 1) consents.TakeBack(name, i % 2 == 0 ? kSchool : "");
  }
  EXPECT_EQ(consents.facts().consents_size(), 1);
  EXPECT_EQ(consents.facts().consent_order(), 133);
  // One that still decides for another purpose stays.
  consents.Record({"GIVEN"}, {PURPOSE_EARLY_HELP, PURPOSE_ASSESSMENT});
  consents.Record({"REFUSED"}, {PURPOSE_EARLY_HELP});
  EXPECT_EQ(consents.facts().consents_size(), 2);
  Seeker assesses = kSchoolSeeks;
  assesses.purpose = PURPOSE_ASSESSMENT;
  EXPECT_EQ(consents.Of(assesses), ConsentStanding::kGiven);
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kRefused);
}

TEST(ConsentsTest, AnOlderStateChangesNothing) {
  Consents consents;
  const std::string name = consents.Record({});
  const v1::ConsentFact given = consents.facts().consents(0);
  consents.TakeBack(name);
  MergeConsent(given, &consents.facts());
  EXPECT_EQ(consents.Of(kSchoolSeeks), ConsentStanding::kRefused);
  EXPECT_EQ(consents.facts().consents_size(), 1);
}

const Seeker kAsha{kCouncil, "COUNCIL", kWorker, PURPOSE_ASSESSMENT};
const StandingRules kTenDays{.closing_window = absl::Hours(240)};

void AddInvolvement(absl::string_view agency, absl::string_view kind, std::optional<absl::Time> end,
                    ChildFacts* facts) {
  *facts->add_involvements() = InvolvementEvent("children/c", agency, kind, "", end).involvement();
}

TEST(StandingOfTest, InvolvementsCountUntilTheClosingWindowShuts) {
  struct Row {
    const char* kind;
    policy::Relation relation;
    bool has_window;
  };
  for (const Row& row :
       {Row{"HOLDING", policy::kHolding, true}, Row{"REFERRER", policy::kReferrer, true},
        Row{"RESPONSIBLE", policy::kResponsible, true}, Row{"ENQUIRY", policy::kEnquiry, true},
        Row{"CORE_GROUP", policy::kCoreGroup, true}, Row{"ASKED", policy::kAsked, true},
        Row{"ACTION_OWNER", policy::kActionOwner, true},
        Row{"PRESENTING", policy::kPresenting, false}}) {
    ChildFacts facts;
    AddInvolvement(kCouncil, row.kind, kNow, &facts);
    const auto relations = [&](absl::Duration after, const StandingRules& rules) {
      return StandingOf(facts, kAsha, kNow + after, rules).relations;
    };
    EXPECT_EQ(relations(-absl::Seconds(1), {}), row.relation) << row.kind;
    EXPECT_EQ(relations(absl::ZeroDuration(), {}), 0u) << row.kind;
    const std::uint32_t in_window = row.has_window ? row.relation : 0u;
    EXPECT_EQ(relations(absl::ZeroDuration(), kTenDays), in_window) << row.kind;
    EXPECT_EQ(relations(absl::Hours(240) - absl::Seconds(1), kTenDays), in_window) << row.kind;
    EXPECT_EQ(relations(absl::Hours(240), kTenDays), 0u) << row.kind;
  }
}

TEST(StandingOfTest, AnotherAgencysInvolvementIsNotOurs) {
  ChildFacts facts;
  AddInvolvement(kSchool, "HOLDING", std::nullopt, &facts);
  AddInvolvement("", "HOLDING", std::nullopt, &facts);
  AddInvolvement(kCouncil, "OF_A_NEWER_SERVICE", std::nullopt, &facts);
  EXPECT_EQ(StandingOf(facts, kAsha, kNow, kTenDays), policy::Standing());
  Seeker nobody = kAsha;
  nobody.agency = "";
  EXPECT_EQ(StandingOf(facts, nobody, kNow, kTenDays), policy::Standing());
}

TEST(StandingOfTest, AllocationIsTheWorkersOwn) {
  ChildFacts facts;
  v1::AllocationFact& fact = *facts.add_allocations();
  fact.set_worker(kWorker);
  fact.set_agency(kCouncil);
  EXPECT_EQ(StandingOf(facts, kAsha, kNow, {}).relations, policy::kAllocated);
  Seeker colleague = kAsha;
  colleague.worker = "workers/ben";
  EXPECT_EQ(StandingOf(facts, colleague, kNow, {}).relations, 0u);
  Seeker moved = kAsha;
  moved.agency = kSchool;
  EXPECT_EQ(StandingOf(facts, moved, kNow, {}).relations, 0u) << "who changes agency leaves it";
  *fact.mutable_end_time() = TimeToProto(kNow);
  EXPECT_EQ(StandingOf(facts, kAsha, kNow, {}).relations, 0u);
  EXPECT_EQ(StandingOf(facts, kAsha, kNow, kTenDays).relations, policy::kAllocated);
  EXPECT_EQ(StandingOf(facts, kAsha, kNow + absl::Hours(240), kTenDays).relations, 0u);
}

v1::BreakGlassFact Opened() {
  v1::BreakGlassFact fact;
  fact.set_worker(kWorker);
  fact.set_agency(kCouncil);
  fact.set_purpose(PURPOSE_ASSESSMENT);
  fact.add_categories(options::v1::CATEGORY_IDENTITY);
  fact.add_categories(options::v1::CATEGORY_PLAN_STATUS);
  *fact.mutable_expire_time() = TimeToProto(kNow + absl::Hours(1));
  return fact;
}

TEST(StandingOfTest, EmergencyAccessIsOfWorkerAgencyPurposeAndTime) {
  ChildFacts facts;
  *facts.add_break_glasses() = Opened();
  const policy::Standing open = StandingOf(facts, kAsha, kNow, kTenDays);
  EXPECT_EQ(open.relations, policy::kBreakGlass);
  EXPECT_EQ(open.break_glass_categories,
            (1ull << options::v1::CATEGORY_IDENTITY) | (1ull << options::v1::CATEGORY_PLAN_STATUS));
  Seeker other = kAsha;
  other.worker = "workers/ben";
  EXPECT_EQ(StandingOf(facts, other, kNow, kTenDays), policy::Standing());
  other = kAsha;
  other.agency = kSchool;
  EXPECT_EQ(StandingOf(facts, other, kNow, kTenDays), policy::Standing());
  other = kAsha;
  other.purpose = PURPOSE_EARLY_HELP;
  EXPECT_EQ(StandingOf(facts, other, kNow, kTenDays), policy::Standing());
  EXPECT_EQ(StandingOf(facts, kAsha, kNow + absl::Hours(1), kTenDays), policy::Standing())
      << "no closing window";
  // Two accesses of one worker add up.
  facts.add_break_glasses()->CopyFrom(Opened());
  facts.mutable_break_glasses(1)->clear_categories();
  facts.mutable_break_glasses(1)->add_categories(options::v1::CATEGORY_CONTACT);
  EXPECT_EQ(StandingOf(facts, kAsha, kNow, {}).break_glass_categories,
            open.break_glass_categories | (1ull << options::v1::CATEGORY_CONTACT));
}

TEST(StandingOfTest, FlagsSayPlansCareAndLiveEnquiries) {
  ChildFacts facts;
  *facts.add_statuses() = StatusEvent("children/c", "LOOKED_AFTER", "", kToday).status();
  internal::v1::EnquiryState& enquiry = *facts.add_enquiries();
  enquiry.set_enquiry("enquiries/one");
  EXPECT_EQ(StandingOf(facts, kAsha, kNow, {}).child_flags,
            policy::kLookedAfter | policy::kLiveEnquiry);
  enquiry.set_concluded(true);
  EXPECT_EQ(StandingOf(facts, kAsha, kNow, {}).child_flags, policy::kLookedAfter);
  facts.add_enquiries()->set_enquiry("enquiries/two");
  EXPECT_EQ(StandingOf(facts, kAsha, kNow, {}).child_flags,
            policy::kLookedAfter | policy::kLiveEnquiry);
}

TEST(StandingOfTest, AConflictOutweighsEverything) {
  ChildFacts facts;
  AddInvolvement(kCouncil, "RESPONSIBLE", std::nullopt, &facts);
  v1::AllocationFact& allocation = *facts.add_allocations();
  allocation.set_worker(kWorker);
  allocation.set_agency(kCouncil);
  *facts.add_break_glasses() = Opened();
  *facts.add_statuses() = StatusEvent("children/c", "LOOKED_AFTER", "", kToday).status();
  v1::OverrideFact& override_fact = *facts.add_consent_overrides();
  override_fact.add_to_agencies(kCouncil);
  override_fact.add_purposes(PURPOSE_ASSESSMENT);
  *override_fact.mutable_expire_time() = TimeToProto(kNow + absl::Hours(1));
  v1::ConflictFact& conflict = *facts.add_conflicts();
  conflict.set_worker(kWorker);

  policy::Standing conflicted;
  conflicted.conflicted = true;
  EXPECT_EQ(StandingOf(facts, kAsha, kNow, kTenDays), conflicted);
  Seeker moved = kAsha;
  moved.agency = kSchool;
  EXPECT_EQ(StandingOf(facts, moved, kNow, kTenDays), conflicted) << "wherever the worker works";
  Seeker colleague = kAsha;
  colleague.worker = "workers/ben";
  EXPECT_EQ(StandingOf(facts, colleague, kNow, kTenDays).relations, policy::kResponsible);

  *conflict.mutable_end_time() = TimeToProto(kNow);
  EXPECT_EQ(StandingOf(facts, kAsha, kNow - absl::Seconds(1), {}), conflicted);
  const policy::Standing after = StandingOf(facts, kAsha, kNow, {});
  EXPECT_EQ(after.relations, policy::kResponsible | policy::kAllocated | policy::kBreakGlass);
  EXPECT_EQ(after.consent, ConsentStanding::kOverridden);
  EXPECT_FALSE(after.conflicted);
}

TEST(StandingOfTest, WhatIsAWorkersOwnIsNobodysWhoNamesNoWorker) {
  ChildFacts facts;
  facts.add_conflicts();
  facts.add_allocations()->set_agency(kCouncil);
  *facts.add_break_glasses() = Opened();
  facts.mutable_break_glasses(0)->clear_worker();
  Seeker nobody = kAsha;
  nobody.worker = "";
  EXPECT_EQ(StandingOf(facts, nobody, kNow, {}), policy::Standing());
}

}  // namespace
}  // namespace trusthub::events
