#include "tests/policy/mutants.h"

#include <functional>
#include <optional>
#include <random>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/policy/agreement_reader.h"
#include "google/protobuf/descriptor.h"
#include "trusthub/policy/v1/agreement.pb.h"
#include "yaml-cpp/yaml.h"

namespace trusthub::policy {
namespace {

using google::protobuf::EnumDescriptor;

// Draws places in one set of files.
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : engine_(seed) {}

  std::size_t Below(std::size_t n) { return static_cast<std::size_t>(engine_() % n); }
  template <typename T>
  const T& OneOf(const std::vector<T>& all) {
    return all[Below(all.size())];
  }
  // A value that is not in `list`; nothing when it holds them all.
  std::optional<std::string> ValueBut(const EnumDescriptor* values, const YAML::Node& list) {
    std::set<std::string> there;
    for (const YAML::Node& each : list) there.insert(each.Scalar());
    std::vector<std::string> others;
    for (int at = 1; at < values->value_count(); ++at) {
      const std::string name = ShortName(*values->value(at));
      if (there.count(name) == 0) others.push_back(name);
    }
    if (others.empty()) return std::nullopt;
    return OneOf(others);
  }

 private:
  std::mt19937_64 engine_;
};

// A file as YAML, and an item of it. Nodes are shared with the document until it is written.
struct Place {
  YAML::Node document;
  YAML::Node item;
  std::set<std::string> own_secrets;  // that no other file lists
  std::string Name() const {
    return absl::StrCat(document["id"].Scalar(), "/", item["id"].Scalar());
  }
};

// What was done, or nothing where the mistake cannot be made at that place.
using Done = std::optional<std::string>;
using Mistake = std::function<Done(Place&, Draw&)>;

// A list of the item that is its own: files share lists by anchors, and one line is to change.
YAML::Node Own(YAML::Node parent, const char* key) {
  parent[key] = YAML::Clone(parent[key]);
  return parent[key];
}

// Another value in the place of one, or beside them.
Done Swap(YAML::Node list, const EnumDescriptor* values, Draw& draw) {
  const std::size_t at = draw.Below(list.size());
  const std::string was = list[at].Scalar();
  const std::optional<std::string> is = draw.ValueBut(values, list);
  if (!is.has_value()) return std::nullopt;
  list[at] = *is;
  return absl::StrCat(was, " becomes ", *is);
}
Done Append(YAML::Node list, const EnumDescriptor* values, Draw& draw) {
  const std::optional<std::string> is = draw.ValueBut(values, list);
  if (!is.has_value()) return std::nullopt;
  list.push_back(*is);
  return absl::StrCat(*is, " is added");
}
Done Drop(YAML::Node parent, const char* key, Draw& draw) {
  YAML::Node list = Own(parent, key);
  if (list.size() < 2) return std::nullopt;
  const std::size_t at = draw.Below(list.size());
  const std::string was = list[at].Scalar();
  list.remove(at);
  return absl::StrCat(was, " is dropped from ", key);
}
Done Remove(YAML::Node parent, const char* key) {
  if (!parent[key]) return std::nullopt;
  parent.remove(key);
  return absl::StrCat(key, " is removed");
}
Done Set(YAML::Node parent, const char* key, const std::string& value) {
  if (!parent[key] || (parent[key].IsScalar() && parent[key].Scalar() == value)) {
    return std::nullopt;
  }
  parent[key] = value;
  return absl::StrCat(key, " becomes ", value);
}

bool Gives(const Place& place, const char* category) {
  for (const YAML::Node& each : place.item["categories"]) {
    if (each.Scalar() == category) return true;
  }
  return false;
}

void RemoveItem(Place& place) {
  YAML::Node items(YAML::NodeType::Sequence);
  for (const YAML::Node& each : place.document["items"]) {
    if (!each.is(place.item)) items.push_back(each);
  }
  place.document["items"] = items;
}

// Sharing more, or with others.
std::vector<Mistake> Widenings() {
  const EnumDescriptor* roles = options::v1::Role_descriptor();
  const EnumDescriptor* kinds = directory::v1::AgencyKind_descriptor();
  const EnumDescriptor* categories = options::v1::Category_descriptor();
  const EnumDescriptor* records = options::v1::RecordKind_descriptor();
  return {
      [](Place& p, Draw&) {  // a deny is lost
        if (!p.item["deny"]) return Done();
        if (p.item["categories"]) return Remove(p.item, "deny");
        RemoveItem(p);
        return Done("the item is lost with its deny");
      },
      [](Place& p, Draw& d) { return p.item["deny"] ? Drop(p.item, "deny", d) : Done(); },
      [=](Place& p, Draw& d) {
        return p.item["categories"] ? Append(Own(p.item, "categories"), categories, d) : Done();
      },
      [=](Place& p, Draw& d) {
        if (!p.item["categories"]) return Done();
        p.item["to"] = YAML::Clone(p.item["to"]);
        return Append(p.item["to"]["roles"], roles, d);
      },
      [=](Place& p, Draw& d) {
        if (!p.item["categories"]) return Done();
        p.item["to"] = YAML::Clone(p.item["to"]);
        return Swap(p.item["to"]["roles"], roles, d);
      },
      [=](Place& p, Draw& d) {
        p.item["to"] = YAML::Clone(p.item["to"]);
        if (!p.item["categories"] || !p.item["to"]["agency_kinds"]) return Done();
        return Swap(p.item["to"]["agency_kinds"], kinds, d);
      },
      [](Place& p, Draw& d) {  // a party's own kind, so that it loads
        p.item["to"] = YAML::Clone(p.item["to"]);
        if (!p.item["categories"] || !p.item["to"]["agency_kinds"]) return Done();
        std::vector<std::string> others;
        for (const YAML::Node& party : p.document["parties"]) {
          if (!party["agency_kind"]) continue;
          const std::string kind = party["agency_kind"].Scalar();
          bool there = false;
          for (const YAML::Node& each : p.item["to"]["agency_kinds"]) {
            there = there || each.Scalar() == kind;
          }
          if (!there) others.push_back(kind);
        }
        if (others.empty()) return Done();
        const std::string& kind = d.OneOf(others);
        p.item["to"]["agency_kinds"].push_back(kind);
        return Done(absl::StrCat(kind, " becomes a recipient"));
      },
      [](Place& p, Draw& d) {
        if (!p.item["categories"]) return Done();
        return Append(Own(p.item, "relations"), v1::Relation_descriptor(), d);
      },
      [](Place& p, Draw& d) {
        if (!p.item["categories"]) return Done();
        return Swap(Own(p.item, "relations"), v1::Relation_descriptor(), d);
      },
      [](Place& p, Draw&) {
        if (!p.item["categories"]) return Done();
        p.item["relations"] = YAML::Load("[any]");
        return Done("the relation becomes any");
      },
      [=](Place& p, Draw& d) {
        return p.item["categories"] ? Swap(Own(p.item, "records"), records, d) : Done();
      },
      [](Place& p, Draw& d) {
        if (!p.item["categories"]) return Done();
        YAML::Node list = Own(p.item, "purposes");
        for (const YAML::Node& purpose : p.document["purposes"]) {
          bool there = false;
          for (const YAML::Node& each : list) there = there || each.Scalar() == purpose.Scalar();
          if (there || d.Below(2) == 0) continue;
          list.push_back(purpose.Scalar());
          return Done(absl::StrCat(purpose.Scalar(), " is added"));
        }
        return Done();
      },
      [](Place& p, Draw&) { return p.item["categories"] ? Remove(p.item, "when") : Done(); },
      [](Place& p, Draw&) { return Remove(p.item, "consent"); },
      [](Place& p, Draw&) { return Set(p.item, "consent", "not_refused"); },
      [](Place& p, Draw&) { return p.item["categories"] ? Remove(p.item, "from") : Done(); },
      [](Place& p, Draw&) {
        return p.own_secrets.empty() ? Done() : Remove(p.document, "secret_categories");
      },
  };
}

// Sharing that fails when it is needed, or rests on nothing.
std::vector<Mistake> Failures() {
  return {
      [](Place& p, Draw&) { return Set(p.document, "status", "draft"); },
      [](Place& p, Draw&) { return Set(p.document, "status", "suspended"); },
      [](Place& p, Draw&) { return Set(p.document, "effective_to", "2009-12-31"); },
      [](Place& p, Draw&) { return Set(p.document, "effective_to", "2001-01-01"); },
      [](Place& p, Draw&) { return Set(p.document, "effective_from", "2010-07-01"); },
      [](Place& p, Draw&) { return Set(p.document, "review_date", "2009-12-31"); },
      [](Place& p, Draw&) { return Set(p.document, "review_date", "2009-13-31"); },
      [](Place& p, Draw&) {
        RemoveItem(p);
        return Done("the item is lost");
      },
      [](Place& p, Draw& d) {
        if (!p.item["categories"]) return Done();
        const std::string twice = p.item["id"].Scalar() + "-again";
        YAML::Node copy = YAML::Clone(p.item);
        copy["id"] = twice;
        p.document["items"].push_back(copy);
        return Done("the item is there twice");
      },
      [](Place& p, Draw&) {
        p.document["items"].push_back(YAML::Clone(p.item));
        return Done("the item is there twice under one id");
      },
      [](Place& p, Draw& d) {
        YAML::Node signatories = p.document["signatories"];
        if (signatories.size() != 2) return Done();
        signatories.remove(d.Below(2));
        return Done("a signatory is missing");
      },
      [](Place& p, Draw&) {
        YAML::Node signatories = p.document["signatories"];
        if (signatories.size() != 2) return Done();
        signatories[1]["agency"] = signatories[0]["agency"].Scalar();
        return Done("one agency signs twice");
      },
      [](Place& p, Draw& d) {
        YAML::Node signatories = p.document["signatories"];
        signatories[d.Below(signatories.size())]["sign_date"] = "2030-01-01";
        return Done("a signature is of the future");
      },
      [](Place& p, Draw& d) {
        YAML::Node party = p.document["parties"][d.Below(p.document["parties"].size())];
        if (!party["agency"]) return Done();
        party["agency"] = "agencies/valentines-high";
        return Done("another party");
      },
      [](Place& p, Draw& d) {
        YAML::Node party = p.document["parties"][d.Below(p.document["parties"].size())];
        if (!party["agency_kind"]) return Done();
        party["agency_kind"] = "hub";
        return Done("a party of another kind");
      },
      [](Place& p, Draw&) { return Set(p.item, "released_by", "agencies/nobody"); },
      [](Place& p, Draw&) {
        return Gives(p, "police_intelligence") ? Remove(p.item, "handling") : Done();
      },
      [](Place& p, Draw&) {
        return Gives(p, "police_intelligence") ? Set(p.item, "onward", "same_purpose") : Done();
      },
      [](Place& p, Draw&) { return p.item["categories"] ? Remove(p.item, "onward") : Done(); },
      [](Place& p, Draw&) {
        return Gives(p, "sexual_health") || Gives(p, "lado") || Gives(p, "confidential_address")
                   ? Set(p.item, "onward", "same_purpose")
                   : Done();
      },
      [](Place& p, Draw&) { return Remove(p.document, "arrangements"); },
      [](Place& p, Draw&) {
        if (!p.document["arrangements"]) return Done();
        p.document["gateways"] = YAML::Load("[not_needed]");
        return Done("the gateway becomes not_needed");
      },
      [](Place& p, Draw&) {
        if (!p.document["arrangements"]) return Done();
        p.document["conditions"] = YAML::Load("[dpa_1998_sch2_5b, uk_gdpr_6_1_e]");
        for (const YAML::Node& item : p.document["items"]) {
          for (const YAML::Node& category : item["categories"]) {
            if (category.Scalar() == "health_detail" || category.Scalar() == "characteristics") {
              return Done("no condition for special categories");
            }
          }
        }
        return Done();
      },
      [](Place& p, Draw&) {
        p.item["rols"] = "social_worker";
        return Done("a key that there is not");
      },
      [](Place& p, Draw&) {
        p.item["to"] = YAML::Clone(p.item["to"]);
        p.item["to"]["roles"].push_back("sociel_worker");
        return Done("a role that there is not");
      },
  };
}

}  // namespace

namespace {

std::set<std::string> SecretsOf(const std::string& text) {
  std::set<std::string> secrets;
  const YAML::Node document = YAML::Load(text);
  for (const YAML::Node& each : document["secret_categories"]) secrets.insert(each.Scalar());
  return secrets;
}

std::set<std::string> OwnSecrets(const std::vector<AgreementText>& texts, std::size_t file) {
  std::set<std::string> own = SecretsOf(texts[file].text);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i == file) continue;
    for (const std::string& secret : SecretsOf(texts[i].text)) own.erase(secret);
  }
  return own;
}

}  // namespace

std::vector<Mutant> MakeMutants(const std::vector<AgreementText>& texts, std::uint64_t seed,
                                int count) {
  Draw draw(seed);
  std::vector<Mistake> mistakes = Widenings();
  for (Mistake& each : Failures()) mistakes.push_back(std::move(each));
  std::vector<std::set<std::string>> own_secrets;
  for (std::size_t i = 0; i < texts.size(); ++i) own_secrets.push_back(OwnSecrets(texts, i));
  std::vector<Mutant> mutants;
  for (std::size_t sort = 0; mutants.size() < static_cast<std::size_t>(count); ++sort) {
    // Most mistakes can be made in few places; look until one is found.
    for (int tries = 0; tries < 5000; ++tries) {
      const std::size_t file = draw.Below(texts.size());
      Place place;
      place.document = YAML::Load(texts[file].text);
      place.item = place.document["items"][draw.Below(place.document["items"].size())];
      place.own_secrets = own_secrets[file];
      const std::string name = place.Name();
      const Done done = mistakes[sort % mistakes.size()](place, draw);
      if (!done) continue;
      Mutant mutant{absl::StrCat(name, ": ", *done), texts};
      mutant.texts[file].text = YAML::Dump(place.document);
      mutants.push_back(std::move(mutant));
      break;
    }
  }
  return mutants;
}

}  // namespace trusthub::policy
