#include "common/policy/redbridge_fixture.h"

#include <memory>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/policy/agreement_reader.h"
#include "common/testing/paths.h"

namespace trusthub::policy {
namespace {

using directory::v1::AgencyKind;
using options::v1::Role;

void SetProvider(AgencyKind kind, Question* question) {
  question->provider_kind = kind;
  question->provider = kind == directory::v1::AGENCY_KIND_COUNCIL ? "agencies/redbridge-council"
                                                                  : "agencies/some-provider";
}

// Kind of agency that keeps records of a kind.
AgencyKind KeeperOf(int record) {
  switch (record) {
    case options::v1::RECORD_KIND_CHILD:
    case options::v1::RECORD_KIND_CHILD_STATUS:
    case options::v1::RECORD_KIND_INVOLVEMENT:
      return directory::v1::AGENCY_KIND_HUB;
    case options::v1::RECORD_KIND_ATTENDANCE:
      return directory::v1::AGENCY_KIND_ACUTE_TRUST;
    case options::v1::RECORD_KIND_HEALTH_RECORD:
    case options::v1::RECORD_KIND_CONSULTATION:
    case options::v1::RECORD_KIND_COMMON_ASSESSMENT:
      return directory::v1::AGENCY_KIND_COMMUNITY_HEALTH;
    default:
      return directory::v1::AGENCY_KIND_COUNCIL;
  }
}

Question QuestionOf(const Asked& asked, const auth::Principal& caller) {
  Question question;
  question.caller = &caller;
  question.purpose = static_cast<Purpose>(asked.purpose);
  question.record_kind = static_cast<RecordKind>(asked.record);
  question.relations = asked.relations;
  question.child_flags = asked.flags;
  question.consent = asked.consent;
  question.break_glass_categories = asked.opened;
  question.day = asked.day;
  return question;
}

auth::Principal CallerOf(const Asked& asked) {
  auth::Principal caller;
  caller.agency = "agencies/some-agency";
  caller.agency_kind = static_cast<AgencyKind>(asked.agency_kind);
  caller.role = static_cast<Role>(asked.role);
  return caller;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, const Cell& cell) {
  return out << cell.agency_kind << " " << cell.role << " for " << cell.purpose << " reads "
             << cell.record << " as " << cell.relations << ", flags " << cell.flags << ", consent "
             << static_cast<int>(cell.consent);
}

const Agreements& Redbridge() {
  static const auto& loaded = *new absl::StatusOr<std::shared_ptr<const Agreements>>(
      LoadAgreements(testing::SourcePath("deploy/config/redbridge/agreements")));
  if (!loaded.ok()) ADD_FAILURE() << loaded.status();
  return **loaded;
}

CategorySet GivenByAnyone(const Agreements& agreements, const Asked& asked) {
  const auth::Principal caller = CallerOf(asked);
  const Question question = QuestionOf(asked, caller);
  if (!agreements.AsksForProvider(caller.role, question.purpose, question.record_kind)) {
    return agreements.Decide(question).granted;
  }
  CategorySet granted;
  for (int kind = 1; kind < directory::v1::AgencyKind_ARRAYSIZE; ++kind) {
    granted = granted | GivenFrom(agreements, asked, kind);
  }
  return granted;
}

CategorySet GivenFrom(const Agreements& agreements, const Asked& asked, int provider_kind) {
  const auth::Principal caller = CallerOf(asked);
  Question question = QuestionOf(asked, caller);
  SetProvider(static_cast<AgencyKind>(provider_kind), &question);
  return agreements.Decide(question).granted;
}

CategorySet GivenIn(const Cell& cell) {
  Asked asked;
  asked.agency_kind = Named(directory::v1::AgencyKind_descriptor(), cell.agency_kind);
  asked.role = Named(options::v1::Role_descriptor(), cell.role);
  asked.purpose = Named(options::v1::Purpose_descriptor(), cell.purpose);
  asked.record = Named(options::v1::RecordKind_descriptor(), cell.record);
  asked.relations = cell.relations;
  asked.flags = cell.flags;
  asked.consent = cell.consent;
  asked.opened = SetNamed(cell.opened);
  const auth::Principal caller = CallerOf(asked);
  Question question = QuestionOf(asked, caller);
  const absl::string_view provider = cell.provider;
  SetProvider(provider.empty() ? KeeperOf(asked.record)
                               : static_cast<AgencyKind>(
                                     Named(directory::v1::AgencyKind_descriptor(), provider)),
              &question);
  return Redbridge().Decide(question).granted;
}

int Named(const google::protobuf::EnumDescriptor* values, absl::string_view name) {
  for (int i = 1; i < values->value_count(); ++i) {
    if (ShortName(*values->value(i)) == name) return values->value(i)->number();
  }
  ADD_FAILURE() << "no " << values->name() << " is called " << name;
  return 0;
}

CategorySet SetNamed(absl::string_view names) {
  CategorySet set;
  for (const absl::string_view name : absl::StrSplit(names, ' ', absl::SkipEmpty())) {
    set.Add(static_cast<Category>(Named(options::v1::Category_descriptor(), name)));
  }
  return set;
}

std::string NamesOf(CategorySet set) {
  std::vector<std::string> names;
  const auto* values = options::v1::Category_descriptor();
  for (int i = 1; i < values->value_count(); ++i) {
    if (set.Has(static_cast<Category>(values->value(i)->number()))) {
      names.push_back(ShortName(*values->value(i)));
    }
  }
  return absl::StrJoin(names, " ");
}

TEST_P(RedbridgeMatrix, CellIsExact) {
  EXPECT_EQ(NamesOf(GivenIn(GetParam())), NamesOf(SetNamed(GetParam().expected)));
}

}  // namespace trusthub::policy
