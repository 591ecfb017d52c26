#include "firewall/state/pending.h"

#include "base/text.h"

#include <algorithm>
#include <array>
#include <vector>

namespace ravelin::firewall {
namespace {

using base::Errc;

// One "key value" a line, each once, in this order.
constexpr std::array<std::string_view, 5> kKeys{"revision", "previous", "boot_id", "applied_ns",
                                                "deadline_ns"};
constexpr std::size_t kBytesMax = 512;
constexpr std::size_t kBootIdMax = 64;

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return {};
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end + 1);
  return line;
}

}  // namespace

std::string format_pending(const Pending& pending) {
  return fmt::format("revision {}\nprevious {}\nboot_id {}\napplied_ns {}\ndeadline_ns {}\n",
                     pending.revision, pending.previous, pending.deadline.boot_id,
                     pending.applied.count(), pending.deadline.since_boot.count());
}

Result<Pending> parse_pending(std::string_view text) {
  const auto broken = [](std::string_view why) {
    return base::fail(Errc::invalid, "the record of the unconfirmed change {}", why);
  };
  if (text.size() > kBytesMax) return broken("is too long");
  std::array<std::string_view, kKeys.size()> values;
  for (std::size_t i = 0; i < kKeys.size(); ++i) {
    const std::string_view line = take_line(text);
    if (!line.starts_with(kKeys[i]) || line.size() <= kKeys[i].size() + 1 ||
        line[kKeys[i].size()] != ' ')
      return broken("is cut off or damaged");
    values[i] = line.substr(kKeys[i].size() + 1);
  }
  const auto revision = base::parse_u64(values[0]);
  const auto previous = base::parse_u64(values[1]);
  const auto applied = base::parse_u64(values[3]);
  const auto deadline = base::parse_u64(values[4]);
  constexpr auto kLatest = static_cast<std::uint64_t>(std::chrono::nanoseconds::max().count());
  if (!text.empty() || !revision || !previous || !applied || !deadline || *applied > *deadline ||
      *deadline > kLatest || *revision == 0 || values[2].size() > kBootIdMax)
    return broken("is damaged");
  return Pending{*revision,
                 *previous,
                 std::chrono::nanoseconds(*applied),
                 {std::string(values[2]), std::chrono::nanoseconds(*deadline)}};
}

std::chrono::nanoseconds time_left(const Pending& pending, const BootTime& now) {
  if (pending.deadline.boot_id != now.boot_id) return std::chrono::nanoseconds(0);
  return std::max(std::chrono::nanoseconds(0), pending.deadline.since_boot - now.since_boot);
}

}  // namespace ravelin::firewall
