#include "firewall/agent/metrics.h"

#include "firewall/control/line_counts.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\\' || c == '"') out += '\\';
    c == '\n' ? out += "\\n" : out += c;
  }
  return out;
}

// The busiest first; of those alike, by name.
std::vector<LineCount> busiest(const LiveTable& table) {
  std::vector<LineCount> counts = line_counts(table);
  std::sort(counts.begin(), counts.end(), [](const LineCount& a, const LineCount& b) {
    return a.packets != b.packets ? a.packets > b.packets : a.comment < b.comment;
  });
  if (counts.size() <= kRuleSeriesMax) return counts;
  LineCount other{.comment = "other"};
  for (std::size_t i = kRuleSeriesMax; i < counts.size(); ++i) {
    other.packets += counts[i].packets;
    other.bytes += counts[i].bytes;
  }
  counts.resize(kRuleSeriesMax);
  counts.push_back(std::move(other));
  return counts;
}

class Text {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    out_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, help, name, type);
  }

  template <class Number>
  void sample(std::string_view name, std::string_view labels, Number value) {
    out_ += labels.empty() ? fmt::format("{} {}\n", name, value)
                           : fmt::format("{}{{{}}} {}\n", name, labels, value);
  }

  [[nodiscard]] std::string take() && { return std::move(out_); }

 private:
  std::string out_;
};

void add_rules(const std::vector<LineCount>& counts, Text& text) {
  text.family("ravelin_firewall_packets_total", "counter", "Packets that met a rule, by its line.");
  for (const LineCount& count : counts)
    text.sample("ravelin_firewall_packets_total",
                fmt::format("rule=\"{}\"", escaped(count.comment)), count.packets);
  text.family("ravelin_firewall_bytes_total", "counter",
              "Bytes of packets that met a rule, by its line.");
  for (const LineCount& count : counts)
    text.sample("ravelin_firewall_bytes_total", fmt::format("rule=\"{}\"", escaped(count.comment)),
                count.bytes);
}

void add_bans(const AgentState& state, Text& text) {
  text.family("ravelin_bans", "gauge", "Addresses and ranges that are banned now.");
  for (const auto& [name, family] :
       {std::pair("ipv4", base::Family::ipv4), std::pair("ipv6", base::Family::ipv6)})
    text.sample("ravelin_bans", fmt::format("family=\"{}\"", name),
                state.keeper.bans().count(family, state.now));
}

void add_quarantine(const AgentState& state, Text& text) {
  text.family("ravelin_firewall_quarantined_servers", "gauge", "Servers that are cut off now.");
  text.sample("ravelin_firewall_quarantined_servers", "", state.keeper.quarantined().size());
}

void add_overload(const AgentState& state, Text& text) {
  text.family("ravelin_firewall_tightened", "gauge",
              "1: the limits for an overload of the gateway hold.");
  text.sample("ravelin_firewall_tightened", "", state.keeper.tightened_for().count() > 0 ? 1 : 0);
}

void add_feeds(const AgentState& state, Text& text) {
  text.family("ravelin_firewall_feed_entries", "gauge", "Hosts and networks of a feed.");
  for (const FeedTable::Status& feed : state.feeds)
    text.sample("ravelin_firewall_feed_entries", fmt::format("feed=\"{}\"", escaped(feed.name)),
                feed.entries);
  text.family("ravelin_firewall_feed_written_seconds", "gauge",
              "When the file of a feed was written, Unix time; 0: never read well.");
  for (const FeedTable::Status& feed : state.feeds)
    text.sample("ravelin_firewall_feed_written_seconds",
                fmt::format("feed=\"{}\"", escaped(feed.name)),
                feed.written.time_since_epoch().count());
  text.family("ravelin_firewall_feed_ok", "gauge",
              "1: the last reading of a feed's file was good.");
  for (const FeedTable::Status& feed : state.feeds)
    text.sample("ravelin_firewall_feed_ok", fmt::format("feed=\"{}\"", escaped(feed.name)),
                feed.error.empty() ? 1 : 0);
}

}  // namespace

std::string metrics_text(const AgentState& state, const std::optional<LiveTable>& table) {
  Text text;
  text.family("ravelin_firewall_up", "gauge", "1: the table is in the kernel.");
  text.sample("ravelin_firewall_up", "", table ? 1 : 0);
  text.family("ravelin_firewall_table_protected", "gauge", "1: others cannot change the table.");
  text.sample("ravelin_firewall_table_protected", "", table && table->owner_port != 0 ? 1 : 0);
  text.family("ravelin_firewall_revision", "gauge", "The revision in the kernel; 0: none.");
  text.sample("ravelin_firewall_revision", "", state.keeper.live_revision());
  text.family("ravelin_firewall_unconfirmed", "gauge", "1: a change waits to be confirmed.");
  text.sample("ravelin_firewall_unconfirmed", "", state.keeper.pending() ? 1 : 0);
  text.family("ravelin_firewall_heals_total", "counter",
              "How often the table was changed by others and put right.");
  text.sample("ravelin_firewall_heals_total", "", state.heals);
  if (table) add_rules(busiest(*table), text);
  add_bans(state, text);
  add_quarantine(state, text);
  add_overload(state, text);
  add_feeds(state, text);
  return std::move(text).take();
}

}  // namespace ravelin::firewall
