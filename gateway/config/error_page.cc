#include "gateway/config/error_page.h"

#include <fmt/format.h>

#include <array>

namespace ravelin::gateway {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kPlacesMax = 64;

struct Kind {
  std::string_view ending;
  std::string_view content_type;
  bool is_html;
};

constexpr Kind kKinds[] = {{".html", "text/html; charset=utf-8", true},
                           {".htm", "text/html; charset=utf-8", true},
                           {".xml", "application/xml", true},
                           {".txt", "text/plain; charset=utf-8", false},
                           {".json", "application/json", false}};

struct PageWord {
  std::string_view text;
  ErrorPage::Place place;
};

constexpr PageWord kPageWords[] = {{"{status}", ErrorPage::Place::status},
                                   {"{reason}", ErrorPage::Place::reason},
                                   {"{request_id}", ErrorPage::Place::request_id}};

void append_escaped(std::string_view value, std::string& out) {
  for (const char c : value) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

}  // namespace

base::Result<ErrorPage> parse_error_page(std::string_view text, std::string_view path) {
  if (text.size() > kErrorPageBytesMax)
    return fail(Errc::invalid, "{} is larger than {} bytes", path, kErrorPageBytesMax);
  ErrorPage page;
  for (const Kind& kind : kKinds) {
    if (!path.ends_with(kind.ending)) continue;
    page.content_type = kind.content_type;
    page.is_html = kind.is_html;
  }
  if (page.content_type.empty())
    return fail(Errc::invalid, "{} has none of the endings .html, .htm, .txt, .json, .xml", path);
  std::size_t places = 0;
  std::string literal;
  while (!text.empty()) {
    const PageWord* found = nullptr;
    for (const PageWord& word : kPageWords) {
      if (text.starts_with(word.text)) found = &word;
    }
    if (found == nullptr) {
      literal += text.front();
      text.remove_prefix(1);
      continue;
    }
    if (++places > kPlacesMax)
      return fail(Errc::invalid, "{} has more than {} places to fill in", path, kPlacesMax);
    page.parts.push_back({ErrorPage::Place::none, std::move(literal)});
    literal.clear();
    page.parts.push_back({found->place, {}});
    text.remove_prefix(found->text.size());
  }
  page.parts.push_back({ErrorPage::Place::none, std::move(literal)});
  return page;
}

std::string render(const ErrorPage& page, int status, std::string_view reason,
                   std::string_view request_id) {
  std::string out;
  for (const ErrorPage::Part& part : page.parts) {
    const std::string number = std::to_string(status);
    const std::string_view value = part.place == ErrorPage::Place::status       ? number
                                   : part.place == ErrorPage::Place::reason     ? reason
                                   : part.place == ErrorPage::Place::request_id ? request_id
                                                                                : part.literal;
    if (part.place != ErrorPage::Place::none && page.is_html) {
      append_escaped(value, out);
    } else {
      out += value;
    }
  }
  return out;
}

}  // namespace ravelin::gateway
