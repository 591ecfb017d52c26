#include "firewall/control/service.h"

#include "firewall/control/answers.h"

#include <algorithm>
#include <iterator>

namespace ravelin::firewall {
namespace {

namespace json = boost::json;
using base::Errc;

struct Command {
  std::string_view name;
  Answer (*answer)(Desk, Question&);
};

constexpr Command kCommands[] = {
    {"plan", answer_plan},         {"apply", answer_apply},   {"confirm", answer_confirm},
    {"rollback", answer_rollback}, {"off", answer_off},       {"show", answer_show},
    {"nft", answer_nft},           {"status", answer_status}, {"drift", answer_drift},
    {"ban", answer_ban},           {"unban", answer_unban},   {"is-banned", answer_is_banned},
    {"bans", answer_bans},
};

Answer refused(std::string why) {
  return {Went::refused, std::move(why), "{}"};
}

}  // namespace

Answer answer_of(const base::Error& error) {
  const bool is_input = error.code == Errc::invalid || error.code == Errc::denied;
  json::object object{{"error", base::to_string(error)}};
  return {is_input ? Went::refused : Went::could_not, base::to_string(error),
          json::serialize(object)};
}

Answer Service::answer(std::string_view text) {
  boost::system::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  if (error || !root.is_object()) return refused("the question is no JSON object");
  Question question(root.get_object());
  const std::string name = question.text("command");
  const auto* known = std::ranges::find(kCommands, name, &Command::name);
  if (known == std::end(kCommands)) return refused(fmt::format("there is no command \"{}\"", name));
  return known->answer({keeper_, kernel_, times_}, question);
}

std::string format_answer(const Answer& answer) {
  json::object object;
  object["went"] = static_cast<int>(answer.went);
  object["text"] = answer.text;
  object["json"] = answer.json;
  return json::serialize(object);
}

Result<Answer> parse_answer(std::string_view text) {
  boost::system::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  const auto broken = [] {
    return base::fail(Errc::protocol, "the agent's answer cannot be read");
  };
  if (error || !root.is_object()) return broken();
  Question members(root.get_object());
  const auto went = members.number("went");
  Answer answer{Went::done, members.text_or("text", ""), members.text_or("json", "{}")};
  if (members.error() || !went || (*went > 1 && *went != 3 && *went != 4)) return broken();
  answer.went = static_cast<Went>(*went);
  return answer;
}

}  // namespace ravelin::firewall
