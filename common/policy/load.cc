// Loads a folder of agreements: all of it, or nothing and the reason.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/crypto/crypto.h"
#include "common/policy/agreement_checks.h"
#include "common/policy/agreement_reader.h"
#include "common/policy/compiled_agreements.h"
#include "common/policy/policy.h"

namespace trusthub::policy {
namespace {

namespace fs = std::filesystem;

// Hex digits of a version: 64 bits tell the sets of one hub apart.
constexpr std::size_t kVersionDigits = 16;

// Paths of the agreements of `folder`, by name.
absl::StatusOr<std::vector<fs::path>> ListFiles(absl::string_view folder) {
  std::error_code failed;
  fs::directory_iterator at(std::string(folder), failed);
  std::vector<fs::path> paths;
  for (; !failed && at != fs::directory_iterator(); at.increment(failed)) {
    const fs::path& path = at->path();
    if (path.extension() == ".yaml") paths.push_back(path);
    if (path.extension() == ".yml") {
      return absl::InvalidArgumentError(
          absl::StrCat(path.string(), ":1: would be left out; rename it to end in .yaml"));
    }
  }
  if (failed) {
    return absl::FailedPreconditionError(
        absl::StrCat(std::string(folder), ": cannot be read (", failed.message(),
                     "); name a folder of agreements that this process may read"));
  }
  if (paths.empty()) {
    return absl::FailedPreconditionError(
        absl::StrCat(std::string(folder), ": holds no agreement; without one nothing is shared"));
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

absl::StatusOr<std::string> ReadText(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  if (!in.is_open() || in.bad()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path.string(), ":1: cannot be read; let this process read it"));
  }
  return text;
}

}  // namespace

absl::StatusOr<std::vector<AgreementText>> ReadAgreementTexts(absl::string_view folder) {
  TRUSTHUB_ASSIGN_OR_RETURN(const std::vector<fs::path> paths, ListFiles(folder));
  std::vector<AgreementText> texts;
  for (const fs::path& path : paths) {
    TRUSTHUB_ASSIGN_OR_RETURN(std::string text, ReadText(path));
    texts.push_back({path.filename().string(), std::move(text)});
  }
  return texts;
}

absl::StatusOr<std::shared_ptr<const Agreements>> CompileAgreements(
    const std::vector<AgreementText>& texts) {
  if (texts.empty()) {
    return absl::FailedPreconditionError("a set holds no agreement; without one nothing is shared");
  }
  std::vector<AgreementFile> files;
  std::string digested;
  for (const AgreementText& each : texts) {
    TRUSTHUB_ASSIGN_OR_RETURN(AgreementFile file, ReadAgreement(each.file, each.text));
    TRUSTHUB_RETURN_IF_ERROR(CheckAgreement(file));
    files.push_back(std::move(file));
    // Sizes keep the boundaries, so that moving a line between files is another version.
    absl::StrAppend(&digested, each.file, "\n", each.text.size(), "\n", each.text);
  }
  TRUSTHUB_RETURN_IF_ERROR(CheckTogether(files));
  std::vector<v1::Agreement> agreements;
  for (const AgreementFile& file : files) agreements.push_back(file.agreement());
  return std::make_shared<const CompiledAgreements>(
      std::move(agreements), crypto::HexEncode(crypto::Sha256(digested)).substr(0, kVersionDigits));
}

absl::StatusOr<std::shared_ptr<const Agreements>> LoadAgreements(absl::string_view folder) {
  TRUSTHUB_ASSIGN_OR_RETURN(std::vector<AgreementText> texts, ReadAgreementTexts(folder));
  absl::StatusOr<std::shared_ptr<const Agreements>> compiled = CompileAgreements(texts);
  if (compiled.ok()) return compiled;
  // Errors name the file with its folder, so that an editor finds it.
  return absl::Status(
      compiled.status().code(),
      absl::StrCat(std::string(folder), "/", std::string(compiled.status().message())));
}

}  // namespace trusthub::policy
