// A feed of any bytes: text, CSV or gzip, in pieces of any length. However it is cut the answer is
// the same, and what is accepted is sorted, without overlap, and read again as itself.
#include "base/check.h"
#include "firewall/feed/parser.h"
#include "firewall/feed/unpack.h"
#include "tests/firewall/feed/show.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::firewall::feed {
namespace {

FeedRules rules_of(std::uint8_t options) {
  FeedRules rules;
  rules.file = "f";
  if ((options & 1) != 0) rules.format = policies::Feed::Format::csv;
  if ((options & 2) != 0)
    rules.never = {policies::range_of(*base::parse_prefix("10.0.0.64/26")),
                   policies::range_of(*base::parse_prefix("2001:db8::/33"))};
  rules.entries_max = 1000;
  return rules;
}

base::Result<FeedContents> parse(std::string_view text, const FeedRules& rules, std::size_t piece) {
  FeedParser parser(rules);
  for (std::size_t at = 0; at < text.size(); at += piece) {
    if (auto added = parser.add(text.substr(at, piece)); !added) return added.error();
  }
  return std::move(parser).finish();
}

void check_sorted(const KeyBlock& block) {
  CHECK(block.keys.size() % block.key_bytes == 0);
  const std::size_t keys = block.keys.size() / block.key_bytes;
  const auto at = [&](std::size_t key) {
    return std::string_view(reinterpret_cast<const char*>(block.keys.data()), block.keys.size())
        .substr(key * block.key_bytes, block.key_bytes);
  };
  for (std::size_t i = 1; i < keys; ++i)
    CHECK(at(i - 1).compare(at(i)) < 0);
}

std::string unpacked(std::string_view data, std::size_t piece) {
  Unpacker unpacker(1 << 20);
  std::string text;
  const auto sink = [&](std::string_view part) -> base::Result<> {
    text += part;
    return {};
  };
  for (std::size_t at = 0; at < data.size(); at += piece) {
    if (!unpacker.add(data.substr(at, piece), sink)) return "not gzip";
  }
  return unpacker.finish() ? text : "broken";
}

void run(std::string_view data) {
  const auto options = static_cast<std::uint8_t>(data[0]);
  const std::size_t piece = 1 + static_cast<std::uint8_t>(data[1]);
  data.remove_prefix(2);
  std::string text(data);
  if ((options & 4) != 0) {
    text = unpacked(data, piece);
    CHECK(unpacked(data, data.size() + 1) == text);
  }
  const FeedRules rules = rules_of(options);
  const auto contents = parse(text, rules, text.size() + 1);
  CHECK(show(parse(text, rules, piece)) == show(contents));
  if (!contents) return;
  for (const KeyBlock* block :
       {&contents->hosts4, &contents->hosts6, &contents->nets4, &contents->nets6})
    check_sorted(*block);
  std::string again = show(contents);
  std::replace(again.begin(), again.end(), ' ', '\n');
  // Joined nets may be wider than a line may say, and cut ones more than entries_max.
  FeedRules wide = rules_of(0);
  wide.entries_max = 10'000;
  const auto second = parse(again, wide, again.size() + 1);
  if (second && second->bad_lines == 0) CHECK(show(second) == show(contents));
}

}  // namespace
}  // namespace ravelin::firewall::feed

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3 || size > 65536) return 0;
  ravelin::firewall::feed::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
