#include "deploy/hubctl/backup/signed_file.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace trusthub::hubctl {
namespace {

constexpr absl::string_view kFormats = "trusthub/backup/";
constexpr absl::string_view kFormat = "trusthub/backup/v1";

std::string SigningInput(absl::string_view kind, absl::string_view text) {
  return absl::StrCat(kFormat, " ", kind, "\n", text);
}

absl::Status Damaged(absl::string_view what) {
  return absl::DataLossError(absl::StrCat("damaged or forged: ", what));
}

}  // namespace

std::string SignText(absl::string_view kind, absl::string_view text,
                     const crypto::SigningKey& key) {
  return absl::StrCat(kFormat, " ", kind, " ", crypto::HexEncode(key.public_key()), " ",
                      crypto::HexEncode(key.Sign(SigningInput(kind, text))), "\n", text);
}

absl::StatusOr<std::string> OpenSigned(absl::string_view kind, absl::string_view file,
                                       const Signers& trusted) {
  const std::size_t line = file.find('\n');
  if (line == file.npos) return Damaged("it has no first line");
  const std::vector<absl::string_view> words = absl::StrSplit(file.substr(0, line), ' ');
  if (words[0] != kFormat && absl::StartsWith(words[0], kFormats)) {
    return absl::FailedPreconditionError(
        absl::StrCat("written by another version of hubctl (format ", words[0], ", this one knows ",
                     kFormat, "): use that version"));
  }
  if (words.size() != 4 || words[0] != kFormat || words[1] != kind) {
    return Damaged(absl::StrCat("it does not begin as a ", kind));
  }
  const auto key = crypto::HexDecode(words[2]);
  const auto signature = crypto::HexDecode(words[3]);
  if (!key.ok() || !signature.ok()) return Damaged("its first line");
  const absl::string_view text = file.substr(line + 1);
  if (!crypto::VerifyEd25519(*key, SigningInput(kind, text), *signature)) {
    return Damaged("its signature does not fit it");
  }
  if (std::find(trusted.begin(), trusted.end(), *key) == trusted.end()) {
    return absl::PermissionDeniedError(
        absl::StrCat("signed by key ", words[2],
                     ", which is not trusted: compare it with the one that was written down when "
                     "the repository was made, and name its file with --signed-by"));
  }
  return std::string(text);
}

}  // namespace trusthub::hubctl
