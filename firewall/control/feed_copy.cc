#include "firewall/control/feed_copy.h"

#include "base/hash.h"
#include "base/text.h"

#include <array>
#include <optional>
#include <utility>

namespace ravelin::firewall {
namespace {

constexpr std::string_view kVersion = "feed copy 1";

base::Error damaged() {
  return base::fail(base::Errc::invalid, "the copy of a feed is damaged");
}

std::string hash_of(std::string_view body) {
  return fmt::format("{:016x}", base::fnv1a(body));
}

// The next line, without its end; none: there is no end.
std::optional<std::string_view> take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

// The first number of a line of several.
std::optional<std::uint64_t> take_number(std::string_view& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const auto number = base::parse_u64(line.substr(0, end));
  line.remove_prefix(std::min(end + 1, line.size()));
  return number ? std::optional(*number) : std::nullopt;
}

KeyBlock empty_block(std::size_t part) {
  constexpr std::array<std::pair<std::uint8_t, bool>, 4> kShapes{
      {{4, false}, {4, true}, {16, false}, {16, true}}};  // by FeedPart
  return {kShapes.at(part).first, kShapes.at(part).second, {}};
}

}  // namespace

std::string feed_identity(const policies::Feed& feed) {
  std::string identity =
      fmt::format("{} {}", feed.format == policies::Feed::Format::csv ? "csv" : "text", feed.file);
  for (const policies::AddressRange& range : feed.never)
    identity += " " + policies::to_string(range);
  return identity;
}

std::string format_feed_copy(const FeedCopy& copy) {
  std::string body =
      fmt::format("{}\n{}\n{}", kVersion, copy.identity, copy.written.time_since_epoch().count());
  for (const auto& block : copy.blocks)
    body += fmt::format(" {}", block->keys.size());
  body += "\n";
  for (const auto& block : copy.blocks)
    body.append(block->keys.begin(), block->keys.end());
  return hash_of(body) + "\n" + body;
}

Result<FeedCopy> parse_feed_copy(std::string_view text) {
  const auto hash = take_line(text);
  if (!hash || *hash != hash_of(text)) return damaged();
  const auto version = take_line(text);
  const auto identity = take_line(text);
  auto numbers = take_line(text);
  if (!version || *version != kVersion || !identity || !numbers) return damaged();
  const auto written = take_number(*numbers);
  if (!written) return damaged();
  FeedCopy copy{
      std::string(*identity), std::chrono::sys_seconds(std::chrono::seconds(*written)), {}};
  for (std::size_t part = 0; part < copy.blocks.size(); ++part) {
    const auto bytes = take_number(*numbers);
    KeyBlock block = empty_block(part);
    const std::size_t stride = std::size_t{block.key_bytes} * (block.is_interval ? 2 : 1);
    if (!bytes || *bytes > text.size() || *bytes % stride != 0) return damaged();
    block.keys.assign(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(*bytes));
    text.remove_prefix(*bytes);
    copy.blocks[part] = std::make_shared<const KeyBlock>(std::move(block));
  }
  if (!text.empty()) return damaged();
  return copy;
}

}  // namespace ravelin::firewall
