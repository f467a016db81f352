// File: document.h
//
// A document of headings, paragraphs, lists and tables, written as Markdown or HTML. All text is
// text: what means something to either is escaped.
#ifndef TRUSTHUB_COMMON_POLICY_TOOLS_DOCUMENT_H_
#define TRUSTHUB_COMMON_POLICY_TOOLS_DOCUMENT_H_

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace trusthub::policy {

class Document {
 public:
  explicit Document(std::string title) : title_(std::move(title)) {}

  // Level from 2; 1 is the title's.
  void Heading(int level, std::string text) {
    blocks_.push_back(HeadingBlock{level, std::move(text)});
  }
  void Paragraph(std::string text) { blocks_.push_back(std::move(text)); }
  void List(std::vector<std::string> items) { blocks_.push_back(ListBlock{std::move(items)}); }
  // Rows have as many cells as there are heads.
  void Table(std::vector<std::string> heads, std::vector<std::vector<std::string>> rows) {
    blocks_.push_back(TableBlock{std::move(heads), std::move(rows)});
  }

  std::string Markdown() const;
  // A whole page that refers to nothing outside itself.
  std::string Html() const;

 private:
  struct HeadingBlock {
    int level;
    std::string text;
  };
  struct ListBlock {
    std::vector<std::string> items;
  };
  struct TableBlock {
    std::vector<std::string> heads;
    std::vector<std::vector<std::string>> rows;
  };
  using Block = std::variant<HeadingBlock, std::string, ListBlock, TableBlock>;

  const std::string title_;
  std::vector<Block> blocks_;
};

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_DOCUMENT_H_
