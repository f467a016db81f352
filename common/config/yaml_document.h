// File: yaml_document.h
//
// The one document of a YAML text, for the readers of files and of what is sent.
#ifndef TRUSTHUB_COMMON_CONFIG_YAML_DOCUMENT_H_
#define TRUSTHUB_COMMON_CONFIG_YAML_DOCUMENT_H_

#include <optional>
#include <string>

#include "yaml-cpp/yaml.h"

namespace trusthub::config {

// Nothing unless `text` holds exactly one document, and something in it. Throws YAML::Exception for
// what is not YAML. Ends for every text, which YAML::LoadAll does not: over "&a ,[*a]" it finds
// documents until memory is gone.
std::optional<YAML::Node> OnlyDocument(const std::string& text);

}  // namespace trusthub::config

#endif  // TRUSTHUB_COMMON_CONFIG_YAML_DOCUMENT_H_
