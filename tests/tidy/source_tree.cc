#include "tests/tidy/source_tree.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace trusthub::tidy {
namespace {

constexpr absl::string_view kTopFolders[] = {"common", "deploy", "protos", "services", "tests"};

bool IsWritten(const std::filesystem::path& path) {
  const std::string name = path.filename().string();
  return !absl::StartsWith(name, ".") && name != "__pycache__" && name != "node_modules";
}

// Blanks what is not code, one state at a time. Newlines stay, so that line numbers hold.
class Blanker {
 public:
  explicit Blanker(absl::string_view text) : text_(text) {}

  std::string Blank() {
    while (at_ < text_.size()) {
      if (Rest("//")) {
        SkipUntil("\n", /*inclusive=*/false);
      } else if (Rest("/*")) {
        SkipUntil("*/", /*inclusive=*/true);
      } else if (Rest("R\"") && !FollowsWord()) {
        SkipRawString();
      } else if (text_[at_] == '"' || (text_[at_] == '\'' && !FollowsWord())) {
        SkipLiteral(text_[at_]);
      } else {
        out_ += text_[at_++];
      }
    }
    return std::move(out_);
  }

 private:
  bool Rest(absl::string_view start) const { return absl::StartsWith(text_.substr(at_), start); }
  // A quote inside 1'000 separates digits; an R inside FOR" is no raw string.
  bool FollowsWord() const {
    return at_ > 0 && (absl::ascii_isalnum(static_cast<unsigned char>(text_[at_ - 1])) ||
                       text_[at_ - 1] == '_');
  }
  void Drop(std::size_t end) {
    for (; at_ < std::min(end, text_.size()); ++at_) {
      if (text_[at_] == '\n') out_ += '\n';
    }
  }
  void SkipUntil(absl::string_view mark, bool inclusive) {
    const std::size_t found = text_.find(mark, at_);
    Drop(found == absl::string_view::npos ? text_.size() : found + (inclusive ? mark.size() : 0));
  }
  void SkipRawString() {
    const std::size_t open = text_.find('(', at_);
    if (open == absl::string_view::npos) return Drop(text_.size());
    const std::string close = absl::StrCat(")", text_.substr(at_ + 2, open - at_ - 2), "\"");
    out_ += "\"\"";
    SkipUntil(close, /*inclusive=*/true);
  }
  // Keeps the quotes: a literal still separates what stands around it.
  void SkipLiteral(char quote) {
    out_ += quote;
    for (++at_; at_ < text_.size() && text_[at_] != quote && text_[at_] != '\n'; ++at_) {
      if (text_[at_] == '\\') ++at_;
    }
    if (at_ < text_.size() && text_[at_] == quote) {
      out_ += quote;
      ++at_;
    }
  }

  absl::string_view text_;
  std::size_t at_ = 0;
  std::string out_;
};

}  // namespace

std::string Describe(const Finding& finding) {
  return absl::StrCat(finding.path, ":", finding.line, ": ", finding.message);
}

std::vector<SourceFile> ReadTree(absl::string_view root) {
  namespace fs = std::filesystem;
  std::vector<SourceFile> files;
  const fs::path base{std::string(root)};
  for (const absl::string_view top : kTopFolders) {
    for (auto it = fs::recursive_directory_iterator(base / std::string(top));
         it != fs::recursive_directory_iterator(); ++it) {
      if (!IsWritten(it->path())) {
        it.disable_recursion_pending();
        continue;
      }
      if (!it->is_regular_file()) continue;
      std::ifstream in(it->path(), std::ios::binary);
      files.push_back({it->path().lexically_relative(base).generic_string(),
                       std::string(std::istreambuf_iterator<char>(in), {})});
    }
  }
  std::sort(files.begin(), files.end(),
            [](const SourceFile& a, const SourceFile& b) { return a.path < b.path; });
  return files;
}

absl::string_view FolderOf(absl::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == absl::string_view::npos ? absl::string_view() : path.substr(0, slash);
}

bool IsUnder(absl::string_view path, absl::string_view prefix) {
  return path == prefix || (absl::StartsWith(path, prefix) && path[prefix.size()] == '/');
}

bool IsCpp(absl::string_view path) {
  return absl::EndsWith(path, ".h") || absl::EndsWith(path, ".cc");
}

bool IsTest(absl::string_view path) {
  const absl::string_view stem = path.substr(0, path.rfind('.'));
  return absl::EndsWith(stem, "_test") || IsTestSupport(path);
}

bool IsTestSupport(absl::string_view path) {
  const absl::string_view stem = path.substr(0, path.rfind('.'));
  return absl::StartsWith(stem.substr(stem.rfind('/') + 1), "test_") ||
         absl::EndsWith(stem, "_bench") || absl::EndsWith(stem, "_fixture") ||
         absl::EndsWith(stem, "_fixtures") || absl::EndsWith(stem, "_factory");
}

std::vector<std::string> CodeLines(absl::string_view text) {
  return absl::StrSplit(Blanker(text).Blank(), '\n');
}

std::vector<std::string> PlainLines(absl::string_view text) { return absl::StrSplit(text, '\n'); }

}  // namespace trusthub::tidy
