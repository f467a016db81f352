#include "services/directory/agreement_files.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/error/error.h"

namespace trusthub::directory {
namespace {

// Bytes of violations in one answer: details of errors travel as metadata, of which clients take
// 8 KiB, a third more once it is encoded.
constexpr std::size_t kViolationBytesMax = 4 * 1024;

// Violations in the order of their files, until no more can be carried. Never empty of what it was
// told: the first fits always.
class Violations {
 public:
  void Tell(int file, absl::string_view field, absl::string_view rule) {
    error::Violation violation{absl::StrCat("agreement_set.files[", file, "].", field),
                               std::string(rule)};
    bytes_ += violation.field.size() + violation.rule.size();
    if (!all_.empty() && bytes_ > kViolationBytesMax) return;
    all_.push_back(std::move(violation));
  }
  const std::vector<error::Violation>& all() const { return all_; }

 private:
  std::vector<error::Violation> all_;
  std::size_t bytes_ = 0;
};

bool IsFileName(absl::string_view name) {
  if (!absl::ConsumeSuffix(&name, ".yaml") || name.empty()) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) || c == '-' || c == '_';
  });
}

void CheckNames(const AgreementFiles& files, Violations* violations) {
  std::set<absl::string_view> names;
  for (int i = 0; i < files.size(); ++i) {
    if (!IsFileName(files[i].file())) {
      violations->Tell(i, "file", "must be of a-z, 0-9, - and _, and end in .yaml");
    } else if (!names.insert(files[i].file()).second) {
      violations->Tell(i, "file", "is the name of an earlier file; give it another");
    }
  }
}

// Every file on its own, so that one proposal tells of all that must be mended.
void CheckEach(const AgreementFiles& files, Violations* violations) {
  for (int i = 0; i < files.size(); ++i) {
    const auto compiled = policy::CompileAgreements({{files[i].file(), files[i].text()}});
    if (!compiled.ok()) violations->Tell(i, "text", compiled.status().message());
  }
}

// The file that an error of the whole set names, the first when it names none.
int FileNamed(absl::string_view message, const AgreementFiles& files) {
  for (int i = 0; i < files.size(); ++i) {
    if (absl::StartsWith(message, absl::StrCat(files[i].file(), ":"))) return i;
  }
  return 0;
}

}  // namespace

std::vector<policy::AgreementText> TextsOf(const AgreementFiles& files) {
  std::vector<policy::AgreementText> texts;
  for (const auto& file : files) texts.push_back({file.file(), file.text()});
  std::sort(texts.begin(), texts.end(),
            [](const auto& a, const auto& b) { return a.file < b.file; });
  return texts;
}

AgreementFiles FilesOf(const std::vector<policy::AgreementText>& texts) {
  AgreementFiles files;
  for (const policy::AgreementText& text : texts) {
    policy::v1::AgreementText* file = files.Add();
    file->set_file(text.file);
    file->set_text(text.text);
  }
  return files;
}

events::v1::AgreementsFact FactOf(absl::string_view version, const AgreementFiles& files) {
  events::v1::AgreementsFact fact;
  fact.set_version(std::string(version));
  for (const auto& each : files) {
    events::v1::AgreementFileFact* file = fact.add_files();
    file->set_file(each.file());
    file->set_text(each.text());
  }
  return fact;
}

absl::StatusOr<std::shared_ptr<const policy::Agreements>> CompileProposed(
    const AgreementFiles& files) {
  Violations violations;
  CheckNames(files, &violations);
  if (!violations.all().empty()) return error::RequestInvalid(violations.all());
  absl::StatusOr<std::shared_ptr<const policy::Agreements>> compiled =
      policy::CompileAgreements(TextsOf(files));
  if (compiled.ok()) return compiled;
  CheckEach(files, &violations);
  if (violations.all().empty()) {
    const absl::string_view message = compiled.status().message();
    violations.Tell(FileNamed(message, files), "text", message);
  }
  return error::RequestInvalid(violations.all());
}

}  // namespace trusthub::directory
