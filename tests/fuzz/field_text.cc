#include "tests/fuzz/field_text.h"

#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/ids.h"
#include "tests/fuzz/one_hub.h"
#include "trusthub/options/v1/options.pb.h"

namespace trusthub::fuzz {
namespace {

using Texts = std::vector<std::string>;

const std::string& OneOf(const Texts& texts, std::mt19937& random) {
  return texts[random() % texts.size()];
}

std::string Name(const std::string& collection, std::mt19937& random) {
  static const auto& agencies = *new Texts{"agencies/redbridge-council", "agencies/uphall-primary",
                                           "agencies/nhs-redbridge",     "agencies/bhrut",
                                           "agencies/met-police",        "agencies/trust-hub"};
  static const auto& workers =
      *new Texts{"workers/lbr-sw-01",      "workers/lbr-sw-02",      "workers/lbr-manager-01",
                 "workers/uphall-lead-01", "workers/bhrut-nurse-01", "workers/nobody"};
  if (collection == "agencies") return OneOf(agencies, random);
  if (collection == "workers") return OneOf(workers, random);
  if (collection.empty() || random() % 8 == 0) {
    return absl::StrCat("auditTrees/fuzz/entries/", random() % 300);
  }
  return absl::StrCat(collection, "/@", random() % 3);
}

std::string WellFormed(const google::protobuf::FieldDescriptor& field, std::mt19937& random) {
  static const auto& codes = *new Texts{"2A", "1A", "N1", "N2",     "NEG",   "PHY", "ABAN",
                                        "ED", "MI", "RC", "INJURY", "OTHER", "RC1"};
  static const auto& numbers = *new Texts{"9990100004", "9990100071", "9990100012"};
  const auto& rule = field.options().GetExtension(options::v1::field);
  switch (rule.format()) {
    case options::v1::FORMAT_NAME:
      return Name(rule.collection(), random);
    case options::v1::FORMAT_UUID:
      return StableUuid(absl::StrCat(random()));
    case options::v1::FORMAT_NHS_NUMBER:
      return OneOf(numbers, random);
    case options::v1::FORMAT_POSTCODE:
      return "IG1 1DD";
    case options::v1::FORMAT_CODE:
      return OneOf(codes, random);
    case options::v1::FORMAT_ETAG:
      return "@etag";
    case options::v1::FORMAT_PAGE_TOKEN:
      return "@page";
    case options::v1::FORMAT_LANGUAGE:
      return "bn";
    case options::v1::FORMAT_TELEPHONE:
      return "020 8554 5000";
    case options::v1::FORMAT_SLUG:
      return absl::StrCat("slug-", random() % 4);
    default:
      return absl::StrCat(kMarker, " some words that say enough of it");
  }
}

}  // namespace

std::string FieldText(const google::protobuf::FieldDescriptor& field, const std::string& before,
                      std::mt19937& random) {
  static const auto& odd = *new Texts{"",
                                      absl::StrCat(kMarker, "\xff\xfe"),
                                      absl::StrCat(kMarker, "\xe2\x80\xae"),
                                      absl::StrCat(kMarker, std::string("\0", 1)),
                                      absl::StrCat("children/", kMarker),
                                      absl::StrCat(" ", kMarker, "\t\n")};
  switch (random() % 10) {
    case 0:
      return absl::StrCat(before, kMarker);
    case 1:
      return absl::StrCat(kMarker, std::string(random() % 5000, 'a'));
    case 2:
      return OneOf(odd, random);
    default:
      return WellFormed(field, random);
  }
}

}  // namespace trusthub::fuzz
