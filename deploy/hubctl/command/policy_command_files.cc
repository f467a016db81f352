// `hubctl policy render` and `hubctl policy baseline`: files made from agreements.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status_macros.h"
#include "common/policy/tools/baseline.h"
#include "common/policy/tools/render.h"
#include "deploy/hubctl/command/output.h"
#include "deploy/hubctl/command/policy_command.h"
#include "deploy/hubctl/text_file.h"

namespace trusthub::hubctl {
namespace {

struct RenderOptions {
  std::string folder;
  std::string directory;
  std::string out;
  bool html = false;
};

struct BaselineOptions {
  std::string folder;
  std::string file;
};

absl::Status WriteText(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (out.good()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat(path, " cannot be written; name a file in a folder that is yours"));
}

absl::Status RenderSet(const Invocation& invocation, const RenderOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto agreements, policy::LoadAgreements(options.folder));
  TRUSTHUB_ASSIGN_OR_RETURN(const DirectoryFile directory,
                            DirectoryFor(options.folder, options.directory));
  policy::TitlesOfAgencies titles;
  for (const ListedAgency& each : directory.agencies) {
    titles.emplace("agencies/" + each.id, each.agency.title());
  }
  const policy::Document document = policy::Render(*agreements, titles);
  const std::string text = options.html ? document.Html() : document.Markdown();
  if (!options.out.empty()) {
    TRUSTHUB_RETURN_IF_ERROR(WriteText(options.out, text));
    if (invocation.json) PrintJson({{"written", options.out}});
    return absl::OkStatus();
  }
  if (invocation.json) {
    PrintJson({{"document", text}});
  } else {
    std::fputs(text.c_str(), stdout);
  }
  return absl::OkStatus();
}

// Refused where sharing has grown without a new version: the file would hide it from then on.
absl::Status RefuseUnsigned(const policy::Baseline& before, const policy::Baseline& now) {
  const std::vector<policy::Widening> widened = policy::WidenedUnsigned(before, now);
  if (widened.empty()) return absl::OkStatus();
  std::string text;
  for (const policy::Widening& each : widened) {
    absl::StrAppend(&text, "\n", each.agreement, " ", each.version, " gives more than was signed:");
    for (const std::string& row : each.rows) absl::StrAppend(&text, "\n  ", row);
  }
  return absl::FailedPreconditionError(
      absl::StrCat("sharing has grown without a new version; have the change signed and raise "
                   "`version` of these agreements, or take it back:",
                   text));
}

absl::Status WriteBaseline(const Invocation& invocation, const BaselineOptions& options) {
  TRUSTHUB_ASSIGN_OR_RETURN(const auto agreements, policy::LoadAgreements(options.folder));
  const policy::Baseline now =
      policy::BaselineOf(*agreements, policy::SchemaOf(policy::ContractFiles()));
  std::string path = options.file;
  if (path.empty()) {
    std::filesystem::path set{options.folder};
    if (!set.has_filename()) set = set.parent_path();  // a slash at the end
    path = (set.parent_path() / "access.baseline").string();
  }
  if (std::filesystem::exists(path)) {
    TRUSTHUB_ASSIGN_OR_RETURN(const std::string text, ReadTextFile(path));
    TRUSTHUB_ASSIGN_OR_RETURN(const policy::Baseline before, policy::ParseBaseline(text));
    TRUSTHUB_RETURN_IF_ERROR(RefuseUnsigned(before, now));
  }
  TRUSTHUB_RETURN_IF_ERROR(WriteText(path, policy::BaselineText(now)));
  if (invocation.json) {
    PrintJson({{"written", path}});
  } else {
    std::printf("Wrote %s.\n", path.c_str());
  }
  return absl::OkStatus();
}

}  // namespace

void AddPolicyRender(CLI::App& policy, Invocation& invocation) {
  auto options = std::make_shared<RenderOptions>();
  CLI::App* command = policy.add_subcommand(
      "render", "A folder of agreements as a document to read: Markdown, or HTML");
  command->add_option("folder", options->folder, "Folder of the agreements")->required();
  command->add_flag("--html", options->html, "HTML instead of Markdown");
  command->add_option("--out", options->out, "File to write; else standard output");
  command->add_option("--directory", options->directory,
                      "Directory file with the agencies; else directory.yaml beside the folder");
  command->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return RenderSet(invocation, *options); };
  });
}

void AddPolicyBaseline(CLI::App& policy, Invocation& invocation) {
  auto options = std::make_shared<BaselineOptions>();
  CLI::App* command = policy.add_subcommand(
      "baseline", "Keep what is shared, so that a test sees when it grows unsigned");
  command->add_option("folder", options->folder, "Folder of the agreements")->required();
  command->add_option("--file", options->file,
                      "Baseline to write; else access.baseline beside the folder");
  command->callback([options, &invocation] {
    invocation.run = [options, &invocation] { return WriteBaseline(invocation, *options); };
  });
}

}  // namespace trusthub::hubctl
