// File: policy.h
//
// Who may know what: sharing agreements as data, decisions as a pure function, answers built from
// what was granted. Default deny: what no rule grants is withheld, a field without a category stops
// the service.
#ifndef TRUSTHUB_COMMON_POLICY_POLICY_H_
#define TRUSTHUB_COMMON_POLICY_POLICY_H_

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/civil_time.h"
#include "common/auth/principal.h"
#include "common/base/relations.h"
#include "google/protobuf/message.h"
#include "trusthub/directory/v1/directory.pb.h"
#include "trusthub/options/v1/options.pb.h"
#include "trusthub/policy/v1/agreement.pb.h"

namespace trusthub::policy {

using options::v1::Category;
using options::v1::Purpose;
using options::v1::RecordKind;

// Whether records of this kind are about no child, so that every agency that takes part may read
// them as far as the agreements say: the directory, the audit log, the sets of agreements and the
// destructions, which outlive their child. A record of another kind without a child (an attendance
// of a child whom the hub does not know) is its owner's and author's alone.
constexpr bool IsAboutNoChild(RecordKind kind) {
  return kind == options::v1::RECORD_KIND_AGENCY || kind == options::v1::RECORD_KIND_WORKER ||
         kind == options::v1::RECORD_KIND_AUDIT_ENTRY ||
         kind == options::v1::RECORD_KIND_AGREEMENT_SET ||
         kind == options::v1::RECORD_KIND_DESTRUCTION;
}

// A set of categories, one bit each.
class CategorySet {
 public:
  constexpr CategorySet() = default;
  constexpr explicit CategorySet(std::uint64_t bits) : bits_(bits) {}
  constexpr bool Has(Category c) const { return (bits_ >> c) & 1; }
  constexpr void Add(Category c) { bits_ |= std::uint64_t{1} << c; }
  constexpr void Remove(Category c) { bits_ &= ~(std::uint64_t{1} << c); }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr std::uint64_t bits() const { return bits_; }
  friend constexpr CategorySet operator|(CategorySet a, CategorySet b) {
    return CategorySet(a.bits_ | b.bits_);
  }
  friend constexpr CategorySet operator&(CategorySet a, CategorySet b) {
    return CategorySet(a.bits_ & b.bits_);
  }
  friend constexpr bool operator==(CategorySet a, CategorySet b) { return a.bits_ == b.bits_; }

 private:
  std::uint64_t bits_ = 0;
};

// What a decision rests on; nothing else is looked at.
struct Question {
  const auth::Principal* caller = nullptr;
  Purpose purpose = options::v1::PURPOSE_UNSPECIFIED;
  RecordKind record_kind = options::v1::RECORD_KIND_UNSPECIFIED;
  std::uint32_t relations = 0;
  std::uint32_t child_flags = 0;
  absl::CivilDay day;  // on the domain clock: agreements are effective-dated
  // For this caller's agency and this purpose.
  ConsentStanding consent = ConsentStanding::kNone;
  // What emergency access opened: a rule that matches by kBreakGlass alone gives nothing else.
  CategorySet break_glass_categories;
  // Owner of the record, and its kind where a rule asks for it (see Agreements::AsksForProvider).
  absl::string_view provider;
  directory::v1::AgencyKind provider_kind = directory::v1::AGENCY_KIND_UNSPECIFIED;
};

struct Decision {
  CategorySet granted;
  // Rule that granted each category; "" for the rest. Points into the Agreements that decided.
  std::array<absl::string_view, 64> rules{};
  // Whether a rule that would otherwise have decided differently asked for consent: the answer then
  // rests on how fresh the consent is known.
  bool rests_on_consent = false;
};

// What stands between a caller and a category.
enum class WithheldCause : std::uint8_t {
  kUnknown,      // no caller, or a role, purpose or kind of record that no agreement can name
  kDenied,       // an item denies it, whatever others give
  kNoAgreement,  // no agreement gives it to anyone
  kNotInForce,   // the agreements that give it have not begun, or have ended
  kCaller,       // given to other roles or agencies
  kPurpose,      // given to the caller for other purposes
  kProvider,     // given to the caller from other agencies' records
  kRelation,     // given to those who stand to the child or record otherwise
  kChild,        // given where the child has a flag, or with consent
};

// Why a category was withheld, for a practitioner.
struct Explanation {
  WithheldCause cause = WithheldCause::kUnknown;
  std::string reason;
  std::string rule;               // `agreement/item` that denies, or comes nearest; may be empty
  std::string what_would_change;  // empty when nothing would
  std::string released_by;        // agency; empty when no agreement gives it to anyone
};

// An immutable, loaded set of agreements. Decide is a pure function: thread-safe, no allocation.
class Agreements {
 public:
  virtual ~Agreements() = default;
  virtual Decision Decide(const Question& question) const = 0;
  // Digest of the files, short and stable; what audit entries name.
  virtual absl::string_view version() const = 0;
  // Whether the existence of `category` must not show in `withheld`.
  virtual bool IsSecret(Category category) const = 0;
  // Why a category that Decide did not grant was not. Speaks of roles, purposes and agreements.
  // Flags and consent, which the hub knows of the child and the caller may not, have no say in it
  // beside having decided: a condition on them is named whether or not it is met.
  virtual Explanation ExplainWithheld(const Question& question, Category category) const = 0;
  // Whether any agreement in force on `day` gives anything to this agency's role for this purpose.
  // Where not, the call is refused with AGREEMENT_MISSING before it looks at any child.
  virtual bool Covers(const auth::Principal& caller, Purpose purpose, absl::CivilDay day) const = 0;
  // The same of what is about a child: rules for records about no child (kPublic alone), which
  // nearly everyone may read for nearly every purpose, count for nothing.
  virtual bool CoversChildren(const auth::Principal& caller, Purpose purpose,
                              absl::CivilDay day) const = 0;
  // Whether a rule for (role, purpose, kind) asks who provides the record.
  virtual bool AsksForProvider(options::v1::Role role, Purpose purpose, RecordKind kind) const = 0;
  // The item that a decision's rule names; null for a rule of no item.
  virtual const v1::Item* ItemOf(absl::string_view rule) const = 0;
  // The agreements, in the order of their ids; for explanations and tools.
  virtual const std::vector<v1::Agreement>& agreements() const = 0;
};

// An agreement file as text: what travels when a set is proposed and activated.
struct AgreementText {
  std::string file;  // "referrals.yaml"
  std::string text;
};

// Reads every *.yaml of `folder`, in the order of their names.
absl::StatusOr<std::vector<AgreementText>> ReadAgreementTexts(absl::string_view folder);
// Compiles a whole set. An error names the file, the line and what to do. The version depends on
// the files alone, not on where they came from.
absl::StatusOr<std::shared_ptr<const Agreements>> CompileAgreements(
    const std::vector<AgreementText>& texts);
// Both in turn.
absl::StatusOr<std::shared_ptr<const Agreements>> LoadAgreements(absl::string_view folder);

// The record of a message that is about to be given, as far as policy needs it.
struct RecordFacts {
  RecordKind kind = options::v1::RECORD_KIND_UNSPECIFIED;
  absl::string_view name;
  absl::string_view child;
  absl::string_view owner_agency;
  absl::string_view author_agency;
  // Of a record that is between two agencies, as an event about a question: the one that was asked.
  absl::string_view asked_agency = {};
  // Of a record that tells of another, as an event does: the other's name.
  absl::string_view tells_of = {};
};

// What a grant plan did.
struct Granted {
  CategorySet disclosed;    // categories of populated fields that were copied
  CategorySet withheld;     // categories of populated fields that were not
  int records_dropped = 0;  // whole records that the caller may not know of
};

// Copies the granted part of a message. Compiled once per message type at start-up: no descriptor
// is walked per call.
class GrantPlan {
 public:
  virtual ~GrantPlan() = default;
  // For each record inside `full`, `decide` gives the granted set; an empty set drops the record
  // whole. Fields outside any record are granted by `outer`. Unknown fields are dropped. `out` is
  // an empty message of the same type. The Disclosure field is left alone.
  virtual Granted Build(const google::protobuf::Message& full, CategorySet outer,
                        const std::function<CategorySet(const RecordFacts&)>& decide,
                        google::protobuf::Message* out) const = 0;
};

// Fails, naming the field, when a field of `descriptor` or of anything in it has no category.
absl::StatusOr<std::unique_ptr<GrantPlan>> CompileGrantPlan(
    const google::protobuf::Descriptor* descriptor);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_POLICY_H_
