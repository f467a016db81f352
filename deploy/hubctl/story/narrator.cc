#include "deploy/hubctl/story/narrator.h"

#include <unistd.h>

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/time/civil_date.h"

namespace trusthub::story {
namespace {

constexpr std::size_t kColumns = 100;
constexpr char kBold[] = "\033[1m";
constexpr char kGreen[] = "\033[32m";
constexpr char kRed[] = "\033[31m";
constexpr char kFaint[] = "\033[2m";
constexpr char kPlain[] = "\033[0m";

std::string Words(absl::string_view name) { return absl::StrReplaceAll(name, {{"_", " "}}); }

class Teller final : public Narrator {
 public:
  explicit Teller(std::FILE* file) : file_(file), coloured_(isatty(fileno(file)) == 1) {}

  void Step(int number, absl::string_view title) override {
    std::fprintf(file_, "\n%s\n", Paint(kBold, absl::StrCat(number, ". ", title)).c_str());
  }
  void Clock(absl::Time domain_time) override {
    const std::string when = absl::FormatTime("%A %e %B %Y, %H:%M", domain_time, London());
    std::fprintf(file_, "\n   %s\n", Paint(kFaint, when).c_str());
  }
  void Called(const Entry& entry) override {
    Lines(absl::StrCat(entry.person, ", ", entry.role, ", ", entry.agency_name), "   ");
    Lines(absl::StrCat(entry.call, " for ", Words(entry.purpose), ": ", entry.intent), "     ");
    if (entry.answered()) {
      std::fprintf(file_, "     %s", Paint(kGreen, "answered").c_str());
      std::vector<std::string> facts;
      for (const auto& [name, value] : entry.facts)
        facts.push_back(absl::StrCat(name, ": ", value));
      std::fputs("\n", file_);
      for (const std::string& fact : facts) Lines(fact, "       ");
      if (!entry.withheld.empty()) {
        Lines(absl::StrCat("withheld: ", Words(absl::StrJoin(entry.withheld, ", "))), "       ");
      }
    } else {
      std::fprintf(file_, "     %s %s\n", Paint(kRed, "refused").c_str(), entry.reason.c_str());
      Lines(entry.message, "       ");
      for (const std::string& next : entry.next) Lines(absl::StrCat("> ", next), "       ");
    }
    std::fflush(file_);
  }
  void Remark(absl::string_view text) override { Lines(text, "   "); }

 private:
  std::string Paint(const char* colour, absl::string_view text) const {
    return coloured_ ? absl::StrCat(colour, text, kPlain) : std::string(text);
  }

  // Breaks `text` between words; every line begins with `indent`.
  void Lines(absl::string_view text, absl::string_view indent) {
    std::string line(indent);
    bool fresh = true;
    for (const absl::string_view word : absl::StrSplit(text, ' ', absl::SkipEmpty())) {
      if (!fresh && line.size() + 1 + word.size() > kColumns) {
        std::fprintf(file_, "%s\n", line.c_str());
        line = absl::StrCat(indent, "  ");
        fresh = true;
      }
      absl::StrAppend(&line, fresh ? "" : " ", word);
      fresh = false;
    }
    std::fprintf(file_, "%s\n", line.c_str());
  }

  std::FILE* const file_;
  const bool coloured_;
};

class Silence final : public Narrator {
 public:
  void Step(int, absl::string_view) override {}
  void Clock(absl::Time) override {}
  void Called(const Entry&) override {}
  void Remark(absl::string_view) override {}
};

}  // namespace

std::unique_ptr<Narrator> TextNarrator(std::FILE* file) { return std::make_unique<Teller>(file); }
std::unique_ptr<Narrator> SilentNarrator() { return std::make_unique<Silence>(); }

}  // namespace trusthub::story
