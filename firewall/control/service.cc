#include "firewall/control/service.h"

#include "firewall/control/answers.h"

#include <algorithm>
#include <iterator>

namespace ravelin::firewall {
namespace {

namespace json = boost::json;
using base::Errc;

enum class Touch { looks, changes };

struct Command {
  std::string_view name;
  Touch touch;
  Answer (*answer)(Desk, Question&);
};

constexpr Command kCommands[] = {
    {"plan", Touch::looks, answer_plan},         {"apply", Touch::changes, answer_apply},
    {"confirm", Touch::changes, answer_confirm}, {"rollback", Touch::changes, answer_rollback},
    {"off", Touch::changes, answer_off},         {"show", Touch::looks, answer_show},
    {"nft", Touch::looks, answer_nft},           {"status", Touch::looks, answer_status},
    {"drift", Touch::looks, answer_drift},       {"ban", Touch::changes, answer_ban},
    {"unban", Touch::changes, answer_unban},     {"is-banned", Touch::looks, answer_is_banned},
    {"bans", Touch::looks, answer_bans},         {"why", Touch::looks, answer_why},
};

const Command* find_command(std::string_view name) {
  const auto* known = std::ranges::find(kCommands, name, &Command::name);
  return known == std::end(kCommands) ? nullptr : known;
}

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

bool only_looks(std::string_view command) {
  const Command* known = find_command(command);
  return known != nullptr && known->touch == Touch::looks;
}

Answer Service::answer(std::string_view text) {
  boost::system::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  if (error || !root.is_object()) return refused("the question is no JSON object");
  Question question(root.get_object());
  const std::string name = question.text("command");
  const Command* known = find_command(name);
  if (known == nullptr) return refused(fmt::format("there is no command \"{}\"", name));
  return known->answer({keeper_, kernel_, times_, around_, addition_}, question);
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
