// BanDesk: what follows from a ban: a line in the operator's log, a record for `ravelin why`, the
// firewall where there is one, and the end of the client's connections. Any thread; short locks,
// taken when a ban begins and never on the path of a request.
#pragma once

#include "gateway/limit/recent_bans.h"
#include "gateway/proxy/ban_notice.h"
#include "messages/ban_channel.h"

#include <functional>
#include <mutex>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

class BanDesk final : public BanListener {
 public:
  // `channel` may be null: then the gateway alone refuses the client. It outlives the desk, and
  // settles nothing once the desk is gone. `waiting`: called, on any thread, when clients begin to
  // wait for take_banned().
  BanDesk(messages::BanChannel* channel, std::function<void()> waiting);

  void banned(const BanNotice& notice) override;

  // Clients whose connections are to end, as pack_client() has them, sorted; each once.
  [[nodiscard]] std::vector<std::uint64_t> take_banned();

  [[nodiscard]] std::vector<BanRecord> of_client(const base::IpAddress& client,
                                                 std::size_t count) const;
  [[nodiscard]] std::vector<BanRecord> of_request(std::string_view request_id,
                                                  std::size_t count) const;

  // Null without one.
  [[nodiscard]] messages::BanChannel* channel() const { return channel_; }

 private:
  void settled(const messages::BanRequest& request, messages::BanFate fate,
               const std::string& text);
  void log(const BanNotice& notice) const;

  messages::BanChannel* channel_;
  std::function<void()> waiting_;
  mutable std::mutex mutex_;
  RecentBans recent_;                  // under mutex_
  std::vector<std::uint64_t> banned_;  // under mutex_
};

}  // namespace ravelin::gateway
