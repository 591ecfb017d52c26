// `ravelin firewall watch`: the process that owns the table. It answers commands and bans on a
// socket, undoes what is not confirmed in time, heals drift, follows the files of feeds and of its
// policy, keeps bans on the disk and says how all of it is going. One thread: whatever it does is
// over in milliseconds, but for loading a feed of millions. Names are looked up beside it.
#pragma once

#include "firewall/agent/access.h"
#include "firewall/agent/guard.h"
#include "firewall/control/facts_watch.h"
#include "firewall/control/feed_table.h"
#include "firewall/control/service.h"

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::firewall {

using messages::Received;
using messages::SeqListener;
using messages::SeqSocket;

class Agent;

struct AgentOptions {
  std::string socket;
  mode_t socket_mode = 0600;
  AccessRules access;
  std::optional<std::string> policy;  // followed: applied when it changes and passes all checks
  // Whoever has started it and may give an addition: readable, `serve_orders` is called. -1:
  // nobody.
  int orders = -1;
  std::function<void(Agent&)> serve_orders;
  std::function<void()> addition_settled{};  // what begin_with() could not have is in force
  std::string metrics_file;                  // for node_exporter's textfile collector; empty: none
  Surroundings around;
  bool until_confirmed = false;  // ends once nothing waits to be confirmed
  // Puts the confirmed revision back, in a process of its own (guard.h).
  std::function<void()> undo;
};

class Agent {
 public:
  Agent(Keeper& keeper, Kernel& kernel, FeedTable& feeds, const Times& times, AgentOptions options);

  // Serves until SIGTERM or SIGINT, or until it is done. The keeper has recovered.
  Result<> run();

  // Its thread, or before run(): what is part of every policy from now on (control/addition.h), in
  // force with the one that is followed when it returns. Errors: the two do not pass all checks, or
  // something waits to be confirmed; all is as it was.
  Result<> use(AdditionFor addition);

  // The same at a start: where it cannot be in force now the table stays as it is, and no policy
  // follows without it. Error: it is not in force yet.
  Result<> begin_with(AdditionFor addition);

  // What begin_with() wanted, and is not yet in force.
  [[nodiscard]] bool is_addition_due() const { return is_addition_due_; }

  // The orders have ended.
  void end_orders() { options_.orders = -1; }

 private:
  struct Client {
    SeqSocket socket;
    PeerId peer;
  };

  struct WaitingBan {
    std::size_t client;
    std::uint32_t id;
    BanOrder order;
  };

  Result<> poll_once(SeqListener& listener, int signals);
  void accept(SeqListener& listener);
  static void turn_away(SeqSocket& socket, const PeerId& peer, std::string_view why);
  void serve(std::size_t index, std::vector<WaitingBan>& bans);
  bool serve_one(std::size_t index, Received received, std::vector<WaitingBan>& bans);
  Result<> quarantine(const Client& client, const messages::Quarantine& wanted);
  Result<> tighten(const Client& client, const messages::Overload& wanted);
  void answer_question(Client& client, const Received& received, const std::string& command);
  void settle_bans(std::vector<WaitingBan>& bans);
  void drop_closed();

  void tick();
  void watch_table();
  void expire_rules();
  void save_bans();
  void end_flows_of_banned();
  void end_flows_denied();
  void follow_policy();
  // What is in force once more, where the policy that is followed was taken back; without a path:
  // nothing is.
  Result<PolicyBundle> followed_bundle();
  void settle_addition();
  // Nothing: it is in force already, or was taken back.
  Result<std::optional<Keeper::Applied>> apply_policy(const std::string& reason);
  // What names, delegated prefixes and own addresses are now.
  void follow_facts();
  Result<bool> renew(const PolicyBundle& bundle);
  void follow_feeds();
  void tell_feed_troubles();
  void write_metrics();

  Keeper& keeper_;
  Kernel& kernel_;
  FeedTable& feeds_;
  const Times& times_;
  AgentOptions options_;
  Service service_;
  Access access_;
  Guard guard_;
  FactsWatch facts_;
  std::vector<Client> clients_;
  std::vector<std::size_t> closed_;
  std::optional<Generation> generation_;
  std::string policy_stamp_, policy_seen_;  // of its files: as last judged, as last seen
  std::chrono::nanoseconds began_{0}, next_second_{0}, next_flows_{0}, next_own_{0},
      next_addition_{0}, next_save_{0};
  std::map<std::string, std::string> feed_troubles_;  // as told
  bool is_addition_due_ = false;
  bool bans_changed_ = false;
  bool is_over_ = false;
  std::uint64_t heals_ = 0;
};

// A stamp of a file and what tells that it changed; empty: it cannot be looked at.
std::string file_stamp(const std::string& path);

}  // namespace ravelin::firewall
