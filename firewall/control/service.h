// The firewall's commands as questions and answers: what `ravelin firewall` asks and the keeper of
// the table answers, in the same process or over the agent's socket. One thread.
//
// A question is a JSON object with a member "command"; the other members each takes stand at the
// function that answers it (answers.h). An answer says how it went (as exit codes do), what to tell
// people, and the same for programs.
#pragma once

#include "firewall/control/addition.h"
#include "firewall/control/keeper.h"
#include "firewall/control/surroundings.h"

#include <string>
#include <string_view>

namespace ravelin::firewall {

enum class Went { done = 0, no = 1, refused = 3, could_not = 4 };  // as exit codes

struct Answer {
  Went went = Went::done;
  std::string text;         // for stdout; a reason, for stderr, unless done or no
  std::string json = "{}";  // the same for programs
};

Answer answer_of(const base::Error& error);

// Whether a command changes nothing: Keeper::look() is then enough to answer it.
bool only_looks(std::string_view command);

class Service {
 public:
  Service(Keeper& keeper, Kernel& kernel, const Times& times, Surroundings around = {})
      : keeper_(keeper), kernel_(kernel), times_(times), around_(std::move(around)) {}

  // Never fails: a question that makes no sense is refused.
  Answer answer(std::string_view question);

  // Part of every policy that is asked for from now on (addition.h).
  void use(AdditionFor addition) { addition_ = std::move(addition); }

  [[nodiscard]] const AdditionFor& addition() const { return addition_; }

 private:
  Keeper& keeper_;
  Kernel& kernel_;
  const Times& times_;
  Surroundings around_;
  AdditionFor addition_;
};

// An answer on its way through the socket.
std::string format_answer(const Answer& answer);
Result<Answer> parse_answer(std::string_view text);

}  // namespace ravelin::firewall
