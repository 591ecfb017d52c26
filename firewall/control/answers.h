// How each command is answered. `?` marks members that may be missing. One thread.
#pragma once

#include "firewall/control/question.h"
#include "firewall/control/service.h"

namespace ravelin::firewall {

// Whom a question works on.
struct Desk {
  Keeper& keeper;
  Kernel& kernel;
  const Times& times;
  const Surroundings& around;
  const AdditionFor& addition;
};

// plan: bundle, peer?, peer_port?, peer_interface?. Exit 0, or 1 while it has objections. Changes
// nothing.
Answer answer_plan(Desk desk, Question& question);
// apply: bundle, by, confirm_within? (seconds), allow_lockout?, keep_established?, peer?,
// peer_port?, peer_interface?, planned_for? (what `plan` called live). Flows that the policy denies
// are ended, unless they are to be kept.
Answer answer_apply(Desk desk, Question& question);
// confirm: revision, force?, session_age? (seconds, of the TCP session it is asked over).
Answer answer_confirm(Desk desk, Question& question);
// rollback: by, keep_established?; with revision, what apply takes but for the bundle: the policy
// of that revision is judged as any other. Flows are ended as for apply.
Answer answer_rollback(Desk desk, Question& question);
Answer answer_off(Desk desk, Question& question);

Answer answer_show(Desk desk, Question& question);  // rules with what they counted
Answer answer_nft(Desk desk, Question& question);   // the table as nft lists it
Answer answer_status(Desk desk, Question& question);
Answer answer_drift(Desk desk, Question& question);  // exit 1 when there is some

// ban: target, by, duration? (seconds), reason?, request_id?.
Answer answer_ban(Desk desk, Question& question);
Answer answer_unban(Desk desk, Question& question);      // target; exit 1 when there was no ban
Answer answer_is_banned(Desk desk, Question& question);  // address; exit 1 when it is not
Answer answer_bans(Desk desk, Question& question);
// why: address, or request_id; exit 1 when nothing is banned for it. What the book says and what
// the kernel holds, and which revision of the policy that is.
Answer answer_why(Desk desk, Question& question);

}  // namespace ravelin::firewall
