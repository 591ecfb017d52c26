// BanQueue: the gateway's bans on their way to the firewall's agent: which are sent next, which
// wait for an answer, and which are in force, so that an agent that is started again knows all of
// them. Everything is bounded. Pure: times are given; one thread at a time.
#pragma once

#include "base/clock.h"
#include "messages/message.h"

#include <chrono>
#include <cstdint>
#include <list>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::system {

struct BanQueueLimits {
  std::size_t waiting_max = 16'384;
  std::size_t flying_max = 128;  // fewer than a socket's buffer holds
  std::size_t known_max = 16'384;
};

class BanQueue {
 public:
  explicit BanQueue(const BanQueueLimits& limits = {}) : limits_(limits) {}

  enum class Push : std::uint8_t {
    taken,
    merged,  // one for the same target waits already: the one that ends later stays
    full,
  };

  Push push(const messages::BanRequest& request, base::MonoTime now);

  // One that is to be sent now, with the time its ban still has; none: nothing waits, or too many
  // are unanswered. Whose time is over is put into `late` instead.
  struct Sending {
    std::uint32_t id = 0;  // for its answer; never 0
    messages::BanRequest request;
  };

  std::optional<Sending> next(base::MonoTime now, std::vector<messages::BanRequest>& late);

  // What an answer settles; none: nobody asked, or it was only told again.
  struct Settled {
    messages::BanRequest request;  // as it was asked for
    base::Duration waited{0};      // since then
  };

  std::optional<Settled> settle(std::uint32_t id, messages::Outcome outcome, base::MonoTime now);

  // The agent is another one, or may be: what it has not answered waits again, in front of the
  // rest, and behind that what is in force.
  void begin_anew(base::MonoTime now);

  // As if it had never been asked for. What is under way stays so.
  void forget(const base::IpPrefix& target);

  [[nodiscard]] std::size_t waiting() const { return waiting_.size() + flying_.size(); }

 private:
  struct Ban {
    messages::BanRequest request;
    base::MonoTime asked;
    bool is_told_again = false;  // its answer is known

    [[nodiscard]] base::MonoTime until() const { return asked + request.duration; }
  };

  void enqueue_front(Ban ban);
  void remember(const Ban& ban, base::MonoTime now);

  BanQueueLimits limits_;
  std::list<Ban> waiting_;
  std::map<base::IpPrefix, std::list<Ban>::iterator> waiting_by_target_;
  std::map<std::uint32_t, Ban> flying_;  // by id
  std::map<base::IpPrefix, Ban> known_;  // in force, as far as the agent said
  std::uint32_t last_id_ = 0;
};

}  // namespace ravelin::system
