// Commands that look: show, nft, status, drift.
#include "base/text.h"
#include "firewall/control/answers.h"
#include "firewall/control/line_counts.h"

#include <algorithm>

namespace ravelin::firewall {
namespace {

namespace json = boost::json;

Answer no_table() {
  return {Went::no, "there is no table inet ravelin: nothing filters\n", R"({"rules":[]})"};
}

}  // namespace

Answer answer_show(Desk desk, Question& /*question*/) {
  const auto table = desk.keeper.read();
  if (!table) return answer_of(table.error());
  if (!*table) return no_table();
  std::string text = fmt::format("{:>12} {:>14}  {}\n", "packets", "bytes", "rule");
  json::array rules;
  for (const LineCount& line : line_counts(**table)) {
    text += fmt::format("{:>12} {:>14}  {}\n", line.packets, line.bytes, line.comment);
    rules.push_back({{"rule", line.comment}, {"packets", line.packets}, {"bytes", line.bytes}});
  }
  json::object object{{"revision", desk.keeper.live_revision()}, {"rules", std::move(rules)}};
  return {Went::done, std::move(text), json::serialize(object)};
}

Answer answer_nft(Desk desk, Question& /*question*/) {
  if (!desk.keeper.live()) return no_table();
  std::string text = nft_text(*desk.keeper.live(), Elements::left_out);
  return {Went::done, text, json::serialize(json::object{{"nft", text}})};
}

Answer answer_status(Desk desk, Question& /*question*/) {
  const auto table = desk.keeper.read();
  if (!table) return answer_of(table.error());
  const auto& pending = desk.keeper.pending();
  std::string text;
  json::object object;
  object["table"] = table->has_value();
  object["revision"] = desk.keeper.live_revision();
  object["protected"] = *table && (*table)->owner_port != 0;
  object["bans"] = desk.keeper.bans().list(desk.times.wall()).size();
  text += *table ? fmt::format("revision {} is in the kernel\n", desk.keeper.live_revision())
                 : "there is no table inet ravelin: nothing filters\n";
  if (desk.keeper.is_fallback())
    text +=
        "the confirmed revision could not be put back: nobody but management gets in; apply a "
        "policy\n";
  object["management_only"] = desk.keeper.is_fallback();
  if (*table && (*table)->owner_port == 0)
    text += "table unprotected: anyone with CAP_NET_ADMIN can change it\n";
  json::object troubles;
  for (const auto& [feed, trouble] : desk.keeper.feed_troubles()) {
    text += fmt::format("feed \"{}\": {}\n", feed, trouble);
    troubles[feed] = trouble;
  }
  object["feed_troubles"] = std::move(troubles);
  json::array quarantined;
  for (const auto& [server, left] : desk.keeper.quarantined()) {
    text += fmt::format("{} is cut off, for {} or longer\n", base::to_string(server),
                        base::format_duration(left));
    quarantined.push_back({{"server", base::to_string(server)}, {"seconds_left", left.count()}});
  }
  object["quarantined"] = std::move(quarantined);
  const std::chrono::seconds tightened = desk.keeper.tightened_for();
  object["tightened"] = tightened.count() > 0;
  if (tightened.count() > 0) {
    const auto& policy = desk.keeper.policy();
    const bool answers = policy && policy->overload && policy->overload->synproxy;
    text += fmt::format(
        "the gateway is overloaded: each source has fewer connections{}, for {} or longer\n",
        answers ? ", handshakes are answered with cookies" : "", base::format_duration(tightened));
  }
  if (pending) {
    const auto left =
        std::chrono::floor<std::chrono::seconds>(time_left(*pending, desk.times.boot()));
    text += fmt::format("revision {} waits to be confirmed, {} left\n", pending->revision,
                        base::format_duration(left));
    object["pending"] = {{"revision", pending->revision}, {"seconds_left", left.count()}};
  }
  return {Went::done, std::move(text), json::serialize(object)};
}

Answer answer_drift(Desk desk, Question& /*question*/) {
  const auto lines = desk.keeper.drift();
  if (!lines) return answer_of(lines.error());
  json::array array;
  std::string text;
  for (const std::string& line : *lines) {
    text += line + "\n";
    array.emplace_back(line);
  }
  if (lines->empty()) text = "the table is as it was put there\n";
  return {lines->empty() ? Went::done : Went::no, std::move(text),
          json::serialize(json::object{{"drift", std::move(array)}})};
}

}  // namespace ravelin::firewall
