// CaresChannel: questions to name servers through c-ares, whose sockets wait on the reactor.
// Nothing blocks but reading /etc/hosts. One thread, the reactor's. The one file that uses c-ares
// (1.18).
#pragma once

#include "base/result.h"
#include "gateway/config/dns_config.h"
#include "gateway/dns/dns_message.h"
#include "gateway/net/reactor.h"

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace ravelin::gateway {

class CaresChannel {
 public:
  // The message, for the call only. Error: not_found (there is no such name, or no such record),
  // timeout, unavailable (servers that fail, refuse, cannot be reached), invalid (not a name).
  using Answered = std::function<void(const base::Result<std::span<const std::uint8_t>>&)>;

  // Takes what `config` leaves open from `resolv_conf` (resolv.conf(5); one that cannot be read is
  // an empty one). Error (unavailable): out of memory.
  static base::Result<std::unique_ptr<CaresChannel>> open(Reactor& reactor, const DnsConfig& config,
                                                          const std::string& resolv_conf);
  CaresChannel(const CaresChannel&) = delete;
  CaresChannel& operator=(const CaresChannel&) = delete;
  // Ends all that is under way, at once: `answered` is not called any more.
  ~CaresChannel();

  // `name` is taken as a whole. `answered` is called once, maybe before this returns; it must not
  // destroy the channel. UDP; what does not fit into a packet is asked for again over TCP.
  void ask(const std::string& name, RecordType type, Answered answered);

  // What /etc/hosts says of a name, each address once; and of localhost when it says nothing (RFC
  // 6761 section 6.3).
  [[nodiscard]] std::vector<base::IpAddress> look_in_hosts(const std::string& name);

  [[nodiscard]] std::size_t under_way() const;

  // Of resolv.conf.
  [[nodiscard]] const std::vector<std::string>& search() const;
  [[nodiscard]] int ndots() const;

  [[nodiscard]] std::vector<std::string> servers() const;  // "10.0.0.2:53", in the order asked

 private:
  struct Impl;
  explicit CaresChannel(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ravelin::gateway
