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
  void Heading(int level, std::string text);
  void Paragraph(std::string text);
  void List(std::vector<std::string> items);
  // Rows have as many cells as there are heads.
  void Table(std::vector<std::string> heads, std::vector<std::vector<std::string>> rows);

  std::string Markdown() const;
  // A whole page that refers to nothing outside itself.
  std::string Html() const;

 private:
  struct HeadingBlock {
    int level = 0;
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

  // An empty block of this kind at the end, to be filled.
  template <class Kind>
  Kind& Add() {
    return std::get<Kind>(blocks_.emplace_back(std::in_place_type<Kind>));
  }

  const std::string title_;
  std::vector<Block> blocks_;
};

}  // namespace trusthub::policy

#endif  // TRUSTHUB_COMMON_POLICY_TOOLS_DOCUMENT_H_
