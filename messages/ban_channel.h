// What the gateway asks of the firewall: bans, with what became of them, the servers it is to be
// kept from, and fewer connections while it is overloaded.
#pragma once

#include "messages/ban_sink.h"

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace ravelin::messages {

enum class BanFate : std::uint8_t {
  made,
  refused,  // for good: the text says why
  failed,   // the firewall could not
  dropped,  // it never got there: too many waited
};

struct BanChannelStatus {
  bool is_connected = false;
  std::string trouble;  // why it is not; "" = it is, or was not tried yet
  std::uint64_t waiting = 0;
  std::uint64_t made = 0, refused = 0, failed = 0, dropped = 0;
  std::uint64_t merged = 0;                // with one for the same client that still waited
  std::uint64_t reconnects = 0;            // connections after the first
  std::chrono::microseconds made_time{0};  // of all made: from asked to in force
  std::uint64_t quarantined = 0;           // servers this host is kept from now
  bool is_tightened = false;               // the limits for an overload hold
};

class BanChannel : public BanSink {
 public:
  // Called on the channel's thread for each ban it took; must not block. Set before the first ban.
  using Settled = std::function<void(const BanRequest&, BanFate, const std::string& text)>;
  virtual void on_settled(Settled settled) = 0;

  // The client is forgiven: it is not told again to an agent that comes. What is in force stays so.
  virtual void forget(const base::IpPrefix& target) = 0;

  // New connections from here to these servers, and to no others, are refused from now on: all of
  // them each time. Any thread; does not block. Without an agent, or when the gateway has ended,
  // they are let through within a minute.
  virtual void quarantine(std::vector<base::IpEndpoint> servers) = 0;

  // The policy's limits for an overload hold from now on, or no more. As above.
  virtual void overloaded(bool is_overloaded) = 0;

  // Both are for another gateway to say from now on. As above.
  virtual void withdraw_orders() = 0;

  // Any thread.
  [[nodiscard]] virtual BanChannelStatus status() const = 0;
};

}  // namespace ravelin::messages
