#include "common/policy/tools/baseline.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/status_macros.h"
#include "common/policy/agreement_reader.h"
#include "common/time/civil_date.h"
#include "google/protobuf/descriptor.h"

namespace trusthub::policy {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::RepeatedField;
using google::protobuf::RepeatedPtrField;
using v1::Agreement;
using v1::Item;

constexpr char kHead[] =
    "# What the agreements of this folder share, the fields of every kind of record, and who may\n"
    "# ask for it. Written by `hubctl policy baseline`, never by hand; a test fails when sharing\n"
    "# grows without a new version of the agreement that gives it.\n";
constexpr char kFieldsMark[] = "# fields";
constexpr char kAskableMark[] = "# askable";

void Sort(RepeatedField<int>* list) { std::sort(list->begin(), list->end()); }
void Sort(RepeatedPtrField<std::string>* list) { std::sort(list->begin(), list->end()); }

Item CutItem(const Item& item) {
  Item cut;
  cut.set_id(item.id());
  *cut.mutable_to() = item.to();
  *cut.mutable_purposes() = item.purposes();
  *cut.mutable_relations() = item.relations();
  *cut.mutable_records() = item.records();
  *cut.mutable_categories() = item.categories();
  *cut.mutable_deny() = item.deny();
  *cut.mutable_when() = item.when();
  cut.set_consent(item.consent());
  if (item.has_from()) *cut.mutable_from() = item.from();
  for (auto* list : {cut.mutable_purposes(), cut.mutable_relations(), cut.mutable_records(),
                     cut.mutable_categories(), cut.mutable_deny(), cut.mutable_when(),
                     cut.mutable_to()->mutable_roles(), cut.mutable_to()->mutable_agency_kinds()}) {
    Sort(list);
  }
  Sort(cut.mutable_to()->mutable_agencies());
  if (cut.has_from()) {
    Sort(cut.mutable_from()->mutable_agencies());
    Sort(cut.mutable_from()->mutable_agency_kinds());
  }
  return cut;
}

Agreement Cut(const Agreement& agreement) {
  Agreement cut;
  cut.set_id(agreement.id());
  cut.set_version(agreement.version());
  cut.set_status(agreement.status());
  *cut.mutable_effective_from() = agreement.effective_from();
  if (agreement.has_effective_to()) *cut.mutable_effective_to() = agreement.effective_to();
  *cut.mutable_secret_categories() = agreement.secret_categories();
  Sort(cut.mutable_secret_categories());
  std::map<std::string, const Item*> items;
  for (const Item& item : agreement.items()) items[item.id()] = &item;
  for (const auto& [id, item] : items) *cut.add_items() = CutItem(*item);
  return cut;
}

// --- Writing ----------------------------------------------------------------------------------

std::string Names(const EnumDescriptor* values, const RepeatedField<int>& list) {
  std::vector<std::string> names;
  for (const int value : list) {
    const auto* named = values->FindValueByNumber(value);
    names.push_back(named == nullptr ? absl::StrCat(value) : ShortName(*named));
  }
  return absl::StrCat("[", absl::StrJoin(names, ", "), "]");
}

// "key: [a, b]" when there are any.
void AppendList(absl::string_view before, absl::string_view key, const EnumDescriptor* values,
                const RepeatedField<int>& list, std::string* text) {
  if (!list.empty()) absl::StrAppend(text, before, key, ": ", Names(values, list), "\n");
}

template <typename Agencies>
std::string AgenciesText(const Agencies& part) {
  std::vector<std::string> keys;
  if (!part.agencies().empty()) {
    keys.push_back(absl::StrCat("agencies: [", absl::StrJoin(part.agencies(), ", "), "]"));
  }
  if (!part.agency_kinds().empty()) {
    keys.push_back(absl::StrCat(
        "agency_kinds: ", Names(directory::v1::AgencyKind_descriptor(), part.agency_kinds())));
  }
  return absl::StrJoin(keys, ", ");
}

void AppendItem(const Item& item, std::string* text) {
  constexpr char kIndent[] = "    ";
  absl::StrAppend(text, "  - id: ", item.id(), "\n", kIndent, "to: {", AgenciesText(item.to()),
                  ", roles: ", Names(options::v1::Role_descriptor(), item.to().roles()), "}\n");
  AppendList(kIndent, "purposes", options::v1::Purpose_descriptor(), item.purposes(), text);
  AppendList(kIndent, "relations", v1::Relation_descriptor(), item.relations(), text);
  AppendList(kIndent, "records", options::v1::RecordKind_descriptor(), item.records(), text);
  AppendList(kIndent, "categories", options::v1::Category_descriptor(), item.categories(), text);
  AppendList(kIndent, "deny", options::v1::Category_descriptor(), item.deny(), text);
  AppendList(kIndent, "when", v1::ChildFlag_descriptor(), item.when(), text);
  if (item.consent() != v1::CONSENT_RULE_UNSPECIFIED) {
    const auto* named = v1::ConsentRule_descriptor()->FindValueByNumber(item.consent());
    absl::StrAppend(text, kIndent, "consent: ", ShortName(*named), "\n");
  }
  if (item.has_from()) absl::StrAppend(text, kIndent, "from: {", AgenciesText(item.from()), "}\n");
}

// As an agreement file, so that the reader of those reads it back.
void AppendAgreement(const Agreement& agreement, std::string* text) {
  const auto* status = v1::AgreementStatus_descriptor()->FindValueByNumber(agreement.status());
  absl::StrAppend(
      text, "---\nid: ", agreement.id(), "\nversion: \"", agreement.version(),
      "\"\nstatus: ", ShortName(*status),
      "\neffective_from: ", FormatDay(*DateFromProto(agreement.effective_from())),
      "\neffective_to: ",
      agreement.has_effective_to() ? FormatDay(*DateFromProto(agreement.effective_to())) : "open",
      "\n");
  AppendList("", "secret_categories", options::v1::Category_descriptor(),
             agreement.secret_categories(), text);
  if (agreement.items().empty()) return;
  absl::StrAppend(text, "items:\n");
  for (const Item& item : agreement.items()) AppendItem(item, text);
}

std::string CategoryNames(CategorySet categories) {
  std::vector<std::string> names;
  for (int c = 1; c < options::v1::Category_ARRAYSIZE; ++c) {
    if (!categories.Has(static_cast<Category>(c))) continue;
    names.push_back(ShortName(*options::v1::Category_descriptor()->FindValueByNumber(c)));
  }
  return absl::StrJoin(names, "+");
}

template <typename Enum>
std::string NameOf(const EnumDescriptor* values, Enum value) {
  const auto* named = values->FindValueByNumber(value);
  return named == nullptr ? absl::StrCat(static_cast<int>(value)) : ShortName(*named);
}

// "plan designated_lead education_support+child_protection_planning", by kind of record and role.
void AppendAskable(const std::set<AccessCell>& askable, std::string* text) {
  std::map<std::pair<RecordKind, options::v1::Role>, std::vector<std::string>> purposes;
  for (const AccessCell& cell : askable) {
    purposes[{cell.record_kind, cell.role}].push_back(
        NameOf(options::v1::Purpose_descriptor(), cell.purpose));
  }
  absl::StrAppend(text, "---\n", kAskableMark, "\n");
  for (const auto& [at, names] : purposes) {
    absl::StrAppend(text, NameOf(options::v1::RecordKind_descriptor(), at.first), " ",
                    NameOf(options::v1::Role_descriptor(), at.second), " ",
                    absl::StrJoin(names, "+"), "\n");
  }
}

// --- Reading ----------------------------------------------------------------------------------

int ValueNamed(const EnumDescriptor* values, absl::string_view name) {
  for (int i = 1; i < values->value_count(); ++i) {
    if (ShortName(*values->value(i)) == name) return values->value(i)->number();
  }
  return 0;
}

absl::Status WrongLine(int line, absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(
      "baseline:", line, ": ", what, "; write the file anew with `hubctl policy baseline`"));
}

// "plan trusthub.plans.v1.Plan.actions.outcome plan_content+operational"
absl::Status ParseField(absl::string_view text, int line, Baseline* baseline) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  if (words.size() != 3) return WrongLine(line, "not `kind path categories`");
  const int kind = ValueNamed(options::v1::RecordKind_descriptor(), words[0]);
  CategorySet needed;
  for (const absl::string_view name : absl::StrSplit(words[2], '+')) {
    const int category = ValueNamed(options::v1::Category_descriptor(), name);
    // One that the protos no longer have: nothing gives it any more, so any other is wider.
    if (category != 0) needed.Add(static_cast<Category>(category));
  }
  if (kind != 0) baseline->fields[static_cast<RecordKind>(kind)][words[1]] = needed;
  return absl::OkStatus();
}

// "plan designated_lead education_support+child_protection_planning"
absl::Status ParseAskable(absl::string_view text, int line, Baseline* baseline) {
  const std::vector<std::string> words = absl::StrSplit(text, ' ');
  if (words.size() != 3) return WrongLine(line, "not `kind role purposes`");
  // What the protos no longer have was askable by nobody that is left.
  const int kind = ValueNamed(options::v1::RecordKind_descriptor(), words[0]);
  const int role = ValueNamed(options::v1::Role_descriptor(), words[1]);
  for (const absl::string_view name : absl::StrSplit(words[2], '+')) {
    const int purpose = ValueNamed(options::v1::Purpose_descriptor(), name);
    if (kind == 0 || role == 0 || purpose == 0) continue;
    baseline->askable.insert({static_cast<options::v1::Role>(role), static_cast<Purpose>(purpose),
                              static_cast<RecordKind>(kind)});
  }
  return absl::OkStatus();
}

// The lines of a part that is no agreement, each by `parse`. `first` is the line of its mark.
template <typename Parse>
absl::Status ParseLines(absl::string_view part, int first, Parse parse, Baseline* baseline) {
  int at = first;
  for (const absl::string_view line : absl::StrSplit(part, '\n')) {
    if (!line.empty() && line[0] != '#') TRUSTHUB_RETURN_IF_ERROR(parse(line, at, baseline));
    ++at;
  }
  return absl::OkStatus();
}

bool IsMarked(absl::string_view part, absl::string_view mark) {
  return absl::StartsWith(part, absl::StrCat(mark, "\n"));
}

int LinesIn(absl::string_view text) {
  return static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

Baseline BaselineOf(const Agreements& agreements, const Schema& schema) {
  std::map<std::string, Agreement> by_id;
  for (const Agreement& agreement : agreements.agreements()) {
    by_id[agreement.id()] = Cut(agreement);
  }
  Baseline baseline;
  for (auto& [id, agreement] : by_id) baseline.agreements.push_back(std::move(agreement));
  baseline.fields = schema.fields;
  baseline.askable = schema.askable;
  return baseline;
}

std::string BaselineText(const Baseline& baseline) {
  std::string text = kHead;
  for (const Agreement& agreement : baseline.agreements) AppendAgreement(agreement, &text);
  absl::StrAppend(&text, "---\n", kFieldsMark, "\n");
  for (const auto& [kind, fields] : baseline.fields) {
    const auto* named = options::v1::RecordKind_descriptor()->FindValueByNumber(kind);
    if (named == nullptr) continue;
    for (const auto& [path, needed] : fields) {
      absl::StrAppend(&text, ShortName(*named), " ", path, " ", CategoryNames(needed), "\n");
    }
  }
  AppendAskable(baseline.askable, &text);
  return text;
}

absl::StatusOr<Baseline> ParseBaseline(absl::string_view text) {
  Baseline baseline;
  int line = 1;
  bool has_fields = false;
  bool has_askable = false;
  for (const absl::string_view part : absl::StrSplit(text, "---\n")) {
    const int first = line;
    line += LinesIn(part) + 1;
    if (first == 1) continue;  // the comment at the head
    if (IsMarked(part, kFieldsMark)) {
      has_fields = true;
      TRUSTHUB_RETURN_IF_ERROR(ParseLines(part, first, ParseField, &baseline));
      continue;
    }
    if (IsMarked(part, kAskableMark)) {
      has_askable = true;
      TRUSTHUB_RETURN_IF_ERROR(ParseLines(part, first, ParseAskable, &baseline));
      continue;
    }
    const absl::StatusOr<AgreementFile> file = ReadAgreement("agreement", part);
    if (!file.ok()) return WrongLine(first, std::string(file.status().message()));
    baseline.agreements.push_back(Cut(file->agreement()));
  }
  if (!has_fields || !has_askable) return WrongLine(line, "ends before its end");
  return baseline;
}

}  // namespace trusthub::policy
