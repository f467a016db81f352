// File: signed_file.h
//
// Files of a backup repository that say something: one line with what the file is, who signed it
// (Ed25519, hex) and the signature, then the text. Signed is "trusthub/backup/v1 {kind}\n" and the
// text, so that a file of one kind cannot stand for another.
#ifndef TRUSTHUB_DEPLOY_HUBCTL_BACKUP_SIGNED_FILE_H_
#define TRUSTHUB_DEPLOY_HUBCTL_BACKUP_SIGNED_FILE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "common/crypto/crypto.h"

namespace trusthub::hubctl {

// Public keys, 32 bytes each, whose word on backups counts.
using Signers = std::vector<std::string>;

std::string SignText(absl::string_view kind, absl::string_view text, const crypto::SigningKey& key);

// The text. FAILED_PRECONDITION for another version of the format, PERMISSION_DENIED when the
// signer is none of `trusted`, DATA_LOSS for all else that is not as SignText made it.
absl::StatusOr<std::string> OpenSigned(absl::string_view kind, absl::string_view file,
                                       const Signers& trusted);

}  // namespace trusthub::hubctl

#endif  // TRUSTHUB_DEPLOY_HUBCTL_BACKUP_SIGNED_FILE_H_
