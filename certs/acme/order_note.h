// What an issuer remembers of an order under way, as the text of an OrderNote. Pure; fuzzed.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ravelin::certs::acme {

struct NotedOrder {
  std::string directory;
  std::string account;
  std::string order;  // all three URLs

  friend bool operator==(const NotedOrder&, const NotedOrder&) = default;
};

std::string format_note(const NotedOrder& noted);
// Nothing for any text that format_note does not write: it is no note of ours.
std::optional<NotedOrder> parse_note(std::string_view text);

}  // namespace ravelin::certs::acme
