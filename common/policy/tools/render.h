// File: render.h
//
// Agreements as a document for those who sign them, made from the data that is enforced.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_RENDER_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_RENDER_H_

#include <map>
#include <string>

#include "common/policy/policy.h"
#include "common/policy/tools/document.h"

namespace trusthub::policy {

// Titles of agencies by name; a name without one stands for itself.
using TitlesOfAgencies = std::map<std::string, std::string>;

// Every agreement of the set, whatever its status. The same set gives the same document.
Document Render(const Agreements& agreements, const TitlesOfAgencies& titles);

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_RENDER_H_
