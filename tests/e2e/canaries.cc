#include "tests/e2e/canaries.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/config/config.h"
#include "common/crypto/keys/key_ring.h"
#include "common/identifiers/identifiers.h"
#include "common/store/sealed/sealed_store.h"
#include "common/store/sqlite/sqlite_store.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/dynamic_message.h"
#include "google/protobuf/message.h"
#include "tests/e2e/case_path.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::testing {
namespace {

namespace fs = std::filesystem;
using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// Rows read at a time.
constexpr int kRowsRead = 500;

std::string ReadAll(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// --- What is searched for
// -------------------------------------------------------------------------

bool IsAboutPeople(const FieldDescriptor* field) {
  return field->options().GetExtension(options::v1::field).category() !=
         options::v1::CATEGORY_OPERATIONAL;
}

// Short texts may stand anywhere by chance: of those, the bytes of the field as a message holds it.
void AddText(const FieldDescriptor* field, const std::string& text, Needles* needles) {
  constexpr std::size_t kShort = 6;
  constexpr std::size_t kTooShort = 3;
  constexpr std::size_t kWholeMax = 24;  // of a narrative a part is as bad
  if (text.size() < kTooShort || absl::StrContains(text, '/')) return;  // names of records
  if (text.size() >= kShort) {
    (*needles)[text.substr(0, kWholeMax)] = field->full_name();
    if (identifiers::IsNhsNumber(text)) {
      (*needles)[identifiers::FormatNhsNumber(text)] = field->full_name();
    }
    return;
  }
  if (field->number() > 15) return;
  const char tag = static_cast<char>(field->number() << 3 | 2);
  (*needles)[absl::StrCat(std::string(1, tag), std::string(1, static_cast<char>(text.size())),
                          text)] = field->full_name();
}

void AddTexts(const Message& message, bool about_people, Needles* needles) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool about = about_people || IsAboutPeople(field);
    const int count = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      const auto& of = *message.GetReflection();
      if (field->type() == FieldDescriptor::TYPE_STRING && about) {
        AddText(field,
                field->is_repeated() ? of.GetRepeatedString(message, field, i)
                                     : of.GetString(message, field),
                needles);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        AddTexts(field->is_repeated() ? of.GetRepeatedMessage(message, field, i)
                                      : of.GetMessage(message, field),
                 about && IsAboutPeople(field), needles);
      }
    }
  }
}

// The message of each kind of record, from the descriptors that this program links.
std::map<int, const Descriptor*> RecordTypes() {
  std::map<int, const Descriptor*> types;
  for (const google::protobuf::FileDescriptor* file :
       {children::v1::Child::descriptor()->file(), referrals::v1::Referral::descriptor()->file(),
        assessments::v1::Assessment::descriptor()->file(), plans::v1::Plan::descriptor()->file(),
        health::v1::Attendance::descriptor()->file()}) {
    for (int i = 0; i < file->message_type_count(); ++i) {
      const auto& rule = file->message_type(i)->options().GetExtension(options::v1::record);
      if (rule.kind() != 0) types[rule.kind()] = file->message_type(i);
    }
  }
  return types;
}

}  // namespace

std::map<std::string, std::string> FilesUnder(const std::string& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) files[entry.path().string()] = ReadAll(entry.path());
  }
  return files;
}

absl::StatusOr<std::unique_ptr<store::Store>> OpenPlain(const std::string& path, bool create) {
  store::SqliteOptions options;
  options.path = path;
  options.create = create;
  return store::OpenSqlite(options);
}

absl::StatusOr<std::unique_ptr<store::Store>> OpenWithKeys(const RunningHub& hub,
                                                           const std::string& service) {
  TRUSTHUB_ASSIGN_OR_RETURN(const config::Config config, config::Load(hub.ConfigOf(service)));
  TRUSTHUB_ASSIGN_OR_RETURN(auto engine, OpenPlain(hub.DataOf(service) + "/store.db", false));
  store::SealedOptions options;
  options.service = service;
  TRUSTHUB_ASSIGN_OR_RETURN(options.ring, crypto::KeyRing::Load(config.data_keys));
  TRUSTHUB_ASSIGN_OR_RETURN(auto sealed,
                            store::SealedStore::Over(std::move(engine), std::move(options)));
  return std::unique_ptr<store::Store>(std::move(sealed));
}

absl::Status Collect(const RunningHub& hub, const std::string& service, store::Store& plain,
                     Needles* needles, int* records) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto store, OpenWithKeys(hub, service));
  TRUSTHUB_ASSIGN_OR_RETURN(const auto view, store->Open(absl::InfiniteFuture()));
  google::protobuf::DynamicMessageFactory factory;
  for (const auto& [kind, type] : RecordTypes()) {
    std::int64_t after = 0;
    while (true) {
      TRUSTHUB_ASSIGN_OR_RETURN(
          const auto rows,
          view->ListByKind(static_cast<store::RecordKind>(kind), after, kRowsRead));
      store::WriteSet copy;
      for (const store::StoredRecord& row : rows) {
        after = row.position;
        const std::unique_ptr<Message> record(factory.GetPrototype(type)->New());
        if (!record->ParseFromString(row.bytes)) return absl::DataLossError(type->full_name());
        AddTexts(*record, false, needles);
        ++*records;
        store::PutRecord put;
        put.head = row;
        put.head.version = 1;
        put.bytes = row.bytes;
        copy.records.push_back(std::move(put));
      }
      TRUSTHUB_RETURN_IF_ERROR(store::CommitAndWait(plain, std::move(copy)).status());
      if (static_cast<int>(rows.size()) < kRowsRead) break;
    }
  }
  return absl::OkStatus();
}

std::set<std::string> FieldsIn(const std::string& bytes, const Needles& needles) {
  std::set<std::string> fields;
  for (const auto& [needle, field] : needles) {
    if (absl::StrContains(bytes, needle)) fields.insert(field);
  }
  return fields;
}

}  // namespace trusthub::testing
