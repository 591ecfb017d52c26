// Commands about bans: ban, unban, is-banned, bans.
#include "base/text.h"
#include "base/utc.h"
#include "firewall/control/answers.h"

namespace ravelin::firewall {
namespace {

namespace json = boost::json;

std::string text_of(const base::IpPrefix& target) {
  return policies::to_string(policies::range_of(target));
}

json::object ban_json(const Ban& ban) {
  return {{"target", text_of(ban.target)},
          {"since", ban.since.time_since_epoch().count()},
          {"until", ban.until.time_since_epoch().count()},
          {"reason", ban.reason},
          {"by", ban.by},
          {"request_id", ban.request_id},
          {"times", ban.times}};
}

std::string ban_line(const Ban& ban, sys_seconds now) {
  std::string line = fmt::format("{}  for another {}", text_of(ban.target),
                                 base::format_duration(ban.until - now));
  if (!ban.reason.empty()) line += fmt::format("  {}", ban.reason);
  line += fmt::format("  by {}", ban.by);
  if (!ban.request_id.empty()) line += fmt::format("  request {}", ban.request_id);
  if (ban.times > 1) line += fmt::format("  {} times", ban.times);
  return line + "\n";
}

}  // namespace

Answer answer_ban(Desk desk, Question& question) {
  const BanOrder order{.target = question.prefix("target"),
                       .duration = question.duration("duration"),
                       .reason = question.text_or("reason", ""),
                       .by = question.text("by"),
                       .request_id = question.text_or("request_id", "")};
  if (question.error()) return answer_of(*question.error());
  const auto ban = desk.keeper.ban(order);
  if (!ban) return answer_of(ban.error());
  if (const auto saved = desk.keeper.save_bans(); !saved)
    return answer_of(base::wrap(saved.error(), "the ban holds, but will not outlive a restart"));
  return {Went::done,
          fmt::format("{} is banned for {}\n", text_of(ban->target),
                      base::format_duration(ban->until - desk.times.wall())),
          json::serialize(ban_json(*ban))};
}

Answer answer_unban(Desk desk, Question& question) {
  const base::IpPrefix target = question.prefix("target");
  if (question.error()) return answer_of(*question.error());
  const auto lifted = desk.keeper.unban(target);
  if (!lifted) return answer_of(lifted.error());
  if (const auto saved = desk.keeper.save_bans(); !saved)
    return answer_of(base::wrap(saved.error(), "it is lifted, but comes back with a restart"));
  json::array array;
  std::string text;
  for (const Ban& ban : *lifted) {
    text += fmt::format("{} is no longer banned\n", text_of(ban.target));
    array.push_back(ban_json(ban));
  }
  if (lifted->empty()) text = fmt::format("{} was not banned\n", text_of(target));
  return {lifted->empty() ? Went::no : Went::done, std::move(text),
          json::serialize(json::object{{"lifted", std::move(array)}})};
}

Answer answer_is_banned(Desk desk, Question& question) {
  const auto address = question.address("address");
  if (question.error()) return answer_of(*question.error());
  if (!address) return {Went::refused, "\"address\" is missing", "{}"};
  const sys_seconds now = desk.times.wall();
  const auto ban = desk.keeper.bans().find(*address, now);
  if (!ban)
    return {Went::no, fmt::format("{} is not banned\n", base::to_string(*address)),
            R"({"banned":false})"};
  json::object object = ban_json(*ban);
  object["banned"] = true;
  return {Went::done, ban_line(*ban, now), json::serialize(object)};
}

Answer answer_why(Desk desk, Question& question) {
  const auto address = question.address("address");
  const std::string request = question.text_or("request_id", "");
  if (question.error()) return answer_of(*question.error());
  if (address.has_value() != request.empty())
    return {Went::refused, "there is one of \"address\" and \"request_id\"", "{}"};
  const sys_seconds now = desk.times.wall();
  const auto ban = address ? desk.keeper.bans().find(*address, now)
                           : desk.keeper.bans().find_request(request, now);
  const std::string policy = desk.keeper.live_identity();
  if (!ban) {
    json::object object{{"banned", false}, {"policy", policy}};
    std::string text = fmt::format("{} is not banned in the kernel",
                                   address ? base::to_string(*address) : "request " + request);
    constexpr int kHost4 = 32;
    constexpr int kHost6 = 128;
    const int bits = address && address->family == base::Family::ipv4 ? kHost4 : kHost6;
    if (const auto allowed = address ? desk.keeper.may_ban({*address, bits}) : Result<>();
        !allowed) {
      object["never"] = allowed.error().message;
      text += ", nor can it be: " + allowed.error().message;
    }
    return {Went::no, text + "\n", json::serialize(object)};
  }
  const auto found = desk.keeper.find_in_kernel(*ban);
  if (!found) return answer_of(found.error());
  json::object object = ban_json(*ban);
  object["banned"] = true;
  object["policy"] = policy;
  object["in_kernel"] = found->has_value();
  std::string text = ban_line(*ban, now);
  if (*found) {
    object["set"] = (*found)->set;
    if ((*found)->expires)
      object["kernel_for_s"] = std::chrono::ceil<std::chrono::seconds>(*(*found)->expires).count();
    text += fmt::format("in set {} of revision {}\n", (*found)->set, policy);
  } else {
    text += fmt::format("and yet no set of revision {} has it\n", policy);
  }
  return {Went::done, std::move(text), json::serialize(object)};
}

Answer answer_bans(Desk desk, Question& /*question*/) {
  const sys_seconds now = desk.times.wall();
  std::string text;
  json::array array;
  for (const Ban& ban : desk.keeper.bans().list(now)) {
    text += ban_line(ban, now);
    array.push_back(ban_json(ban));
  }
  if (array.empty()) text = "nobody is banned\n";
  return {Went::done, std::move(text), json::serialize(json::object{{"bans", std::move(array)}})};
}

}  // namespace ravelin::firewall
