#include "messages/fitted_text.h"

#include <string_view>

namespace ravelin::messages {
namespace {

constexpr std::string_view kAndMore = " …";
// A word that is longer is cut.
constexpr std::size_t kWordMax = 256;

bool is_inside_of_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::string fitted(std::string text, AtMost most) {
  if (text.size() <= most.count) return text;
  const bool has_more = most.count >= kAndMore.size();
  std::size_t end = has_more ? most.count - kAndMore.size() : most.count;
  const std::size_t space = text.find_last_of(" \n", end);
  if (space != std::string::npos && space != 0 && end - space < kWordMax) end = space;
  while (end > 0 && is_inside_of_character(text[end]))
    --end;
  text.resize(end);
  return has_more ? text.append(kAndMore) : text;
}

}  // namespace ravelin::messages
