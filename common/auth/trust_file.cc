#include "common/auth/trust_file.h"

#include <yaml-cpp/yaml.h>

#include <map>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/auth/spiffe_id.h"
#include "common/base/ids.h"
#include "common/base/status_macros.h"
#include "common/config/yaml_document.h"

namespace trusthub::auth {
namespace {

constexpr std::size_t kIssuerBytesMax = 255;

using Members = std::map<std::string, YAML::Node>;

// One file being parsed: knows how to say where it is wrong.
class Parser {
 public:
  explicit Parser(absl::string_view path) : path_(path) {
    const auto slash = path.rfind('/');
    folder_ = slash == absl::string_view::npos ? "" : std::string(path.substr(0, slash + 1));
  }

  absl::StatusOr<std::vector<DomainEntry>> Parse(const YAML::Node& root);
  absl::Status Wrong(int line, absl::string_view what) const {
    return absl::InvalidArgumentError(absl::StrCat(path_, " line ", line + 1, ": ", what));
  }

 private:
  absl::StatusOr<Members> MembersOf(const YAML::Node& node, const std::set<std::string>& allowed);
  absl::StatusOr<std::string> Text(const Members& members, const YAML::Node& parent,
                                   const char* name, bool required);
  absl::StatusOr<DomainEntry> ParseDomain(const YAML::Node& node);
  absl::Status CheckAgainstOthers(const DomainEntry& entry, int line);
  std::string Resolve(const std::string& file) const {
    return file.empty() || file.front() == '/' ? file : folder_ + file;
  }

  const std::string path_;
  std::string folder_;
  std::set<std::string> trust_domains_, issuers_;
  std::map<std::string, directory::v1::AgencyKind> agencies_;
};

absl::StatusOr<Members> Parser::MembersOf(const YAML::Node& node,
                                          const std::set<std::string>& allowed) {
  if (!node.IsMap()) return Wrong(node.Mark().line, "a map was expected");
  Members members;
  for (const auto& member : node) {
    const int line = member.first.Mark().line;
    if (!member.first.IsScalar()) return Wrong(line, "a key must be a word");
    const std::string name = member.first.Scalar();
    if (allowed.count(name) == 0) return Wrong(line, absl::StrCat("unknown key ", name));
    if (!members.emplace(name, member.second).second) {
      return Wrong(line, absl::StrCat("key ", name, " is said twice"));
    }
  }
  return members;
}

absl::StatusOr<std::string> Parser::Text(const Members& members, const YAML::Node& parent,
                                         const char* name, bool required) {
  const auto member = members.find(name);
  if (member == members.end()) {
    if (!required) return std::string();
    return Wrong(parent.Mark().line, absl::StrCat("key ", name, " is missing"));
  }
  if (!member->second.IsScalar() || member->second.Scalar().empty()) {
    return Wrong(member->second.Mark().line, absl::StrCat("key ", name, " needs a text"));
  }
  return member->second.Scalar();
}

absl::StatusOr<DomainEntry> Parser::ParseDomain(const YAML::Node& node) {
  TRUSTHUB_ASSIGN_OR_RETURN(
      const Members members,
      MembersOf(node, {"trust_domain", "agency", "kind", "ca", "crl", "issuer", "jwks"}));
  DomainEntry entry;
  TRUSTHUB_ASSIGN_OR_RETURN(entry.trust_domain, Text(members, node, "trust_domain", true));
  TRUSTHUB_ASSIGN_OR_RETURN(entry.agency, Text(members, node, "agency", true));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string kind, Text(members, node, "kind", true));
  TRUSTHUB_ASSIGN_OR_RETURN(entry.ca, Text(members, node, "ca", true));
  TRUSTHUB_ASSIGN_OR_RETURN(entry.crl, Text(members, node, "crl", true));
  const int line = node.Mark().line;
  if (!directory::v1::AgencyKind_Parse(absl::StrCat("AGENCY_KIND_", kind), &entry.kind) ||
      entry.kind == directory::v1::AGENCY_KIND_UNSPECIFIED) {
    return Wrong(line, absl::StrCat("unknown kind ", kind));
  }
  const bool is_hub = entry.kind == directory::v1::AGENCY_KIND_HUB;
  TRUSTHUB_ASSIGN_OR_RETURN(entry.issuer, Text(members, node, "issuer", !is_hub));
  TRUSTHUB_ASSIGN_OR_RETURN(entry.jwks, Text(members, node, "jwks", !is_hub));
  if (entry.issuer.empty() != entry.jwks.empty()) {
    return Wrong(line, "issuer and jwks go together");
  }
  if (!IsTrustDomain(entry.trust_domain)) {
    return Wrong(line, "trust_domain must be lower case letters, digits, dots, dashes");
  }
  if (!IsNameIn("agencies", entry.agency)) return Wrong(line, "agency must be agencies/{id}");
  if (entry.issuer.size() > kIssuerBytesMax) return Wrong(line, "issuer is above 255 bytes");
  TRUSTHUB_RETURN_IF_ERROR(CheckAgainstOthers(entry, line));
  entry.ca = Resolve(entry.ca);
  entry.crl = Resolve(entry.crl);
  entry.jwks = Resolve(entry.jwks);
  return entry;
}

absl::Status Parser::CheckAgainstOthers(const DomainEntry& entry, int line) {
  if (!trust_domains_.insert(entry.trust_domain).second) {
    return Wrong(line, absl::StrCat("trust_domain ", entry.trust_domain, " is said twice"));
  }
  if (!entry.issuer.empty() && !issuers_.insert(entry.issuer).second) {
    return Wrong(line, absl::StrCat("issuer ", entry.issuer, " is said twice"));
  }
  // An agency that moves to a new domain has two for a while, but it stays what it is.
  if (agencies_.emplace(entry.agency, entry.kind).first->second != entry.kind) {
    return Wrong(line, absl::StrCat(entry.agency, " has two kinds"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<DomainEntry>> Parser::Parse(const YAML::Node& root) {
  TRUSTHUB_ASSIGN_OR_RETURN(const Members members, MembersOf(root, {"version", "domains"}));
  TRUSTHUB_ASSIGN_OR_RETURN(const std::string version, Text(members, root, "version", true));
  if (version != "1") return Wrong(members.at("version").Mark().line, "version must be 1");
  const auto domains = members.find("domains");
  if (domains == members.end() || !domains->second.IsSequence() || domains->second.size() == 0) {
    return Wrong(root.Mark().line, "domains needs a list");
  }
  std::vector<DomainEntry> entries;
  for (const YAML::Node& node : domains->second) {
    TRUSTHUB_ASSIGN_OR_RETURN(DomainEntry entry, ParseDomain(node));
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace

absl::StatusOr<std::vector<DomainEntry>> ParseTrustFile(absl::string_view path,
                                                        const std::string& text) {
  Parser parser(path);
  try {
    const std::optional<YAML::Node> document = config::OnlyDocument(text);
    if (!document.has_value()) return parser.Wrong(0, "exactly one document was expected");
    return parser.Parse(*document);
  } catch (const YAML::Exception& error) {
    return parser.Wrong(error.mark.is_null() ? 0 : error.mark.line, error.msg);
  }
}

}  // namespace trusthub::auth
