#include "policies/parse/rate.h"

#include "base/text.h"

#include <algorithm>

namespace ravelin::policies {
namespace {

using base::Errc;
using base::Error;
using base::fail;
using std::chrono::seconds;

constexpr std::uint64_t kPacketsMax = 100'000'000;
constexpr std::uint64_t kBytesMax = std::uint64_t{1} << 40;
constexpr std::uint64_t kBurstMax = UINT32_MAX;
constexpr std::uint64_t kRepeatMax = 100'000;
constexpr int kFactorMax = 100;
constexpr seconds kBanMax{366 * 86400};

struct Halves {
  std::string_view before;
  std::optional<std::string_view> after;
};

// Around the first " word "; without it all of the text is before.
Halves split_at(std::string_view text, std::string_view word) {
  const std::size_t at = text.find(word);
  if (at == std::string_view::npos) return {text, std::nullopt};
  return {base::trim(text.substr(0, at)), base::trim(text.substr(at + word.size()))};
}

std::optional<seconds> parse_unit(std::string_view text) {
  if (text == "s") return seconds(1);
  if (text == "min") return seconds(60);
  if (text == "h") return seconds(3600);
  if (text == "d") return seconds(86400);
  return std::nullopt;
}

bool ends_in_byte_unit(std::string_view text) {
  return text.ends_with('B');
}

Result<std::uint64_t> parse_amount(std::string_view text, Rate::Of of) {
  return of == Rate::Of::bytes ? base::parse_bytes(text) : parse_count(text);
}

Error not_a_rate() {
  return fail(Errc::invalid,
              "is not a rate (50/s, 30/min, 20MB/s; then perhaps \"burst 200\"; s, min, h or d)");
}

Result<Rate> with_burst(Rate rate, std::optional<std::string_view> burst) {
  if (!burst) {
    const std::uint64_t a_second = rate.count / static_cast<std::uint64_t>(rate.per.count());
    if (rate.of == Rate::Of::bytes)
      rate.burst = static_cast<std::uint32_t>(std::clamp<std::uint64_t>(a_second, 1500, kBurstMax));
    return rate;
  }
  const auto given = parse_amount(*burst, rate.of);
  if (!given) return not_a_rate();
  if (*given == 0 || *given > kBurstMax)
    return fail(Errc::invalid, "has a burst out of range (1 to {})", kBurstMax);
  rate.burst = static_cast<std::uint32_t>(*given);
  return rate;
}

// A duration of whole seconds.
Result<seconds> parse_ban_time(std::string_view text) {
  const auto duration = base::parse_duration(text);
  if (!duration) return fail(Errc::invalid, "has no duration in it (1h, 10m, 7d)");
  const auto whole = std::chrono::duration_cast<seconds>(*duration);
  if (whole != *duration || whole < seconds(1) || whole > kBanMax)
    return fail(Errc::invalid, "bans for a time out of range (1s to 366d, whole seconds)");
  return whole;
}

Result<Rate> only(Rate::Of of, Result<Rate> rate) {
  if (!rate || rate->of == of) return rate;
  return of == Rate::Of::bytes
             ? fail(Errc::invalid, "is a rate of packets; one of bytes has a unit (20MB/s)")
             : fail(Errc::invalid, "is a rate of bytes; write a number without a unit (50/s)");
}

}  // namespace

Result<Rate> parse_rate(std::string_view text) {
  const Halves halves = split_at(text, " burst ");
  const std::size_t slash = halves.before.find('/');
  if (slash == std::string_view::npos) return not_a_rate();
  const std::string_view amount = halves.before.substr(0, slash);
  const auto per = parse_unit(halves.before.substr(slash + 1));
  Rate rate;
  rate.of = ends_in_byte_unit(amount) ? Rate::Of::bytes : Rate::Of::packets;
  const auto count = parse_amount(amount, rate.of);
  if (!per || !count) return not_a_rate();
  const std::uint64_t count_max = rate.of == Rate::Of::bytes ? kBytesMax : kPacketsMax;
  if (*count == 0 || *count > count_max)
    return fail(Errc::invalid, "is a rate out of range (1 to {})", count_max);
  rate.count = *count;
  rate.per = *per;
  return with_burst(rate, halves.after);
}

Result<Rate> parse_packet_rate(std::string_view text) {
  return only(Rate::Of::packets, parse_rate(text));
}

Result<Rate> parse_byte_rate(std::string_view text) {
  return only(Rate::Of::bytes, parse_rate(text));
}

Result<BanAfter> parse_ban_after(std::string_view text) {
  const Halves halves = split_at(text, " after ");
  const auto duration = parse_ban_time(halves.before);
  if (!duration) return duration.error();
  BanAfter ban{*duration, std::nullopt};
  if (!halves.after) return ban;
  const auto rate = parse_packet_rate(*halves.after);
  if (!rate) return fail(Errc::invalid, "has no rate after \"after\" (1h after 30/min)");
  ban.after = *rate;
  return ban;
}

Result<Over> parse_over(std::string_view text) {
  if (text == "deny") return Over{};
  if (text == "ban") return Over{true, std::nullopt};
  if (!text.starts_with("ban "))
    return fail(Errc::invalid, "is not one of deny, ban, or ban with a time (ban 10m)");
  const auto duration = parse_ban_time(base::trim(text.substr(4)));
  if (!duration) return duration.error();
  return Over{true, *duration};
}

Result<Repeat> parse_repeat(std::string_view text) {
  const Halves halves = split_at(text, " in ");
  const auto count = base::parse_u64(halves.before);
  if (!count || !halves.after)
    return fail(Errc::invalid, "is not a number of packets in a time (251 in 1s)");
  const auto within = base::parse_duration(*halves.after);
  if (!within) return fail(Errc::invalid, "is not a number of packets in a time (251 in 1s)");
  const auto whole = std::chrono::duration_cast<std::chrono::milliseconds>(*within);
  if (*count == 0 || *count > kRepeatMax || whole != *within || whole.count() < 1 ||
      whole > std::chrono::hours(24)) {
    return fail(Errc::invalid, "is out of range (1 to {} packets in 1ms to 24h)", kRepeatMax);
  }
  return Repeat{static_cast<std::uint32_t>(*count), whole};
}

Result<int> parse_factor(std::string_view text) {
  const bool has_x = text.starts_with('x');
  const auto number = base::parse_u64(has_x ? text.substr(1) : std::string_view());
  if (!number || *number < 1 || *number > kFactorMax)
    return fail(Errc::invalid, "is not a factor (x1 to x{})", kFactorMax);
  return static_cast<int>(*number);
}

}  // namespace ravelin::policies
