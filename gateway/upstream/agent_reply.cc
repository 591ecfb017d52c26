#include "gateway/upstream/agent_reply.h"

#include "base/text.h"
#include "gateway/upstream/reported_weight.h"

#include <limits>

namespace ravelin::gateway {

using base::Errc;
using base::Result;

namespace {

constexpr std::string_view kSeparators = " \t,";
constexpr std::string_view kMaxconn = "maxconn:";
constexpr std::size_t kWhyMax = 100;

using Health = AgentReply::Health;
using Order = AgentReply::Order;

struct Word {
  std::string_view text;
  Health health = Health::unsaid;
  Order order = Order::unsaid;
};

constexpr Word kWords[] = {
    {"up", Health::up},
    {"down", Health::down},
    {"stopped", Health::down},
    {"fail", Health::down},
    {"failed", Health::down},
    {"ready", Health::unsaid, Order::ready},
    {"drain", Health::unsaid, Order::drain},
    {"maint", Health::unsaid, Order::maint},
};

std::string visible(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, kWhyMax))
    out += c >= ' ' && c <= '~' ? c : '?';
  return out;
}

bool take_word(std::string_view word, AgentReply& reply) {
  for (const Word& known : kWords) {
    if (known.text != word) continue;
    if (known.health != Health::unsaid) reply.health = known.health;
    if (known.order != Order::unsaid) reply.order = known.order;
    return true;
  }
  if (word.ends_with('%')) {
    const auto percent = parse_weight_percent(word);
    if (percent) reply.weight_percent = percent;
    return percent.has_value();
  }
  if (!word.starts_with(kMaxconn)) return false;
  word.remove_prefix(kMaxconn.size());
  const auto limit = base::parse_u64(word);
  if (!limit || *limit > std::numeric_limits<std::uint32_t>::max()) return false;
  reply.connections_max = static_cast<std::uint32_t>(*limit);
  return true;
}

}  // namespace

Result<AgentReply> parse_agent_reply(std::string_view line) {
  AgentReply reply;
  if (const std::size_t mark = line.find('#'); mark != std::string_view::npos) {
    reply.why = visible(base::trim(line.substr(mark + 1)));
    line = line.substr(0, mark);
  }
  bool any = false;
  const std::string text = base::to_lower(line);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find_first_of(kSeparators), rest.size());
    const std::string_view word = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (word.empty()) continue;
    any = true;
    if (!take_word(word, reply))
      return base::fail(Errc::invalid, "\"{}\" is no word of the agent protocol", visible(word));
  }
  if (!any) return base::fail(Errc::invalid, "the answer is empty");
  return reply;
}

}  // namespace ravelin::gateway
