#include "common/policy/tools/document.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace trusthub::policy {
namespace {

std::string MarkdownText(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n' || c == '\r') {
      escaped += ' ';
      continue;
    }
    if (absl::string_view("\\`*_[]<>|").find(c) != absl::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

std::string HtmlText(absl::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      case '\'':
        escaped += "&#39;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

std::string MarkdownRow(const std::vector<std::string>& cells) {
  std::string row = "|";
  for (const std::string& cell : cells) absl::StrAppend(&row, " ", MarkdownText(cell), " |");
  return row + "\n";
}

std::string HtmlRow(const std::vector<std::string>& cells, absl::string_view tag) {
  std::string row = "<tr>";
  for (const std::string& cell : cells) {
    absl::StrAppend(&row, "<", tag, ">", HtmlText(cell), "</", tag, ">");
  }
  return row + "</tr>\n";
}

constexpr char kStyle[] =
    "body{font-family:sans-serif;line-height:1.4;max-width:75em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}"
    "th,td{border:1px solid #999;padding:.3em .5em;text-align:left;vertical-align:top}"
    "th{background:#eee}";

}  // namespace

void Document::Heading(int level, std::string text) {
  HeadingBlock& block = Add<HeadingBlock>();
  block.level = level;
  block.text = std::move(text);
}

void Document::Paragraph(std::string text) { Add<std::string>() = std::move(text); }

void Document::List(std::vector<std::string> items) { Add<ListBlock>().items = std::move(items); }

void Document::Table(std::vector<std::string> heads, std::vector<std::vector<std::string>> rows) {
  TableBlock& block = Add<TableBlock>();
  block.heads = std::move(heads);
  block.rows = std::move(rows);
}

std::string Document::Markdown() const {
  std::string text = absl::StrCat("# ", MarkdownText(title_), "\n");
  for (const Block& block : blocks_) {
    text += "\n";
    if (const auto* heading = std::get_if<HeadingBlock>(&block)) {
      absl::StrAppend(&text, std::string(static_cast<std::size_t>(heading->level), '#'), " ",
                      MarkdownText(heading->text), "\n");
    } else if (const auto* paragraph = std::get_if<std::string>(&block)) {
      absl::StrAppend(&text, MarkdownText(*paragraph), "\n");
    } else if (const auto* list = std::get_if<ListBlock>(&block)) {
      for (const std::string& item : list->items) {
        absl::StrAppend(&text, "- ", MarkdownText(item), "\n");
      }
    } else if (const auto* table = std::get_if<TableBlock>(&block)) {
      text += MarkdownRow(table->heads);
      text += "|";
      for (std::size_t i = 0; i < table->heads.size(); ++i) text += "---|";
      text += "\n";
      for (const auto& row : table->rows) text += MarkdownRow(row);
    }
  }
  return text;
}

std::string Document::Html() const {
  const std::string title = HtmlText(title_);
  std::string text = absl::StrCat(
      "<!DOCTYPE html>\n<html lang=\"en-GB\">\n<head>\n<meta charset=\"utf-8\">\n<title>", title,
      "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<h1>", title, "</h1>\n");
  for (const Block& block : blocks_) {
    if (const auto* heading = std::get_if<HeadingBlock>(&block)) {
      absl::StrAppend(&text, "<h", heading->level, ">", HtmlText(heading->text), "</h",
                      heading->level, ">\n");
    } else if (const auto* paragraph = std::get_if<std::string>(&block)) {
      absl::StrAppend(&text, "<p>", HtmlText(*paragraph), "</p>\n");
    } else if (const auto* list = std::get_if<ListBlock>(&block)) {
      text += "<ul>\n";
      for (const std::string& item : list->items) {
        absl::StrAppend(&text, "<li>", HtmlText(item), "</li>\n");
      }
      text += "</ul>\n";
    } else if (const auto* table = std::get_if<TableBlock>(&block)) {
      text += "<table>\n" + HtmlRow(table->heads, "th");
      for (const auto& row : table->rows) text += HtmlRow(row, "td");
      text += "</table>\n";
    }
  }
  return text + "</body>\n</html>\n";
}

}  // namespace trusthub::policy
