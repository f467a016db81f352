#include "common/config/yaml_document.h"

#include <sstream>

#include "yaml-cpp/eventhandler.h"

namespace trusthub::config {
namespace {

// Looks at nothing: documents are counted, not read.
class Ignorer final : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}
};

}  // namespace

std::optional<YAML::Node> OnlyDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  Ignorer ignorer;
  // A parser that does not get on gives the same document again: the second is too many.
  if (!parser.HandleNextDocument(ignorer) || parser.HandleNextDocument(ignorer)) {
    return std::nullopt;
  }
  YAML::Node document = YAML::Load(text);
  if (!document.IsDefined() || document.IsNull()) return std::nullopt;
  return document;
}

}  // namespace trusthub::config
