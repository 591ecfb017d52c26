// DnsClient: names to addresses and to the servers of a service, for whoever asks on the control
// thread: /etc/hosts first, then the name servers. Answers come later, from the reactor, never out
// of ask_*(). Everything is bounded: questions under way, those that wait, the time each may take,
// the records of an answer.
#pragma once

#include "base/result.h"
#include "gateway/dns/dns_answer.h"
#include "gateway/net/reactor.h"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway {

namespace detail {
struct DnsQuestionState;
}

// A question that was asked. Once this is gone nobody is called; it may outlive the client.
class [[nodiscard]] DnsQuestion {
 public:
  DnsQuestion() = default;

  explicit DnsQuestion(std::weak_ptr<detail::DnsQuestionState> state) : state_(std::move(state)) {}

  DnsQuestion(DnsQuestion&& other) noexcept : state_(std::move(other.state_)) {
    other.state_.reset();
  }

  DnsQuestion& operator=(DnsQuestion&& other) noexcept;
  DnsQuestion(const DnsQuestion&) = delete;
  DnsQuestion& operator=(const DnsQuestion&) = delete;

  ~DnsQuestion() { drop(); }

 private:
  void drop();
  std::weak_ptr<detail::DnsQuestionState> state_;
};

class DnsClient {
 public:
  // Each question to the name servers, once it has ended: "ok", "not_found", "timeout", "failed"
  // (servers that fail, refuse, cannot be reached), "bad_answer".
  using Counted = std::function<void(std::string_view result)>;
  static constexpr std::string_view kResults[] = {"ok", "not_found", "timeout", "failed",
                                                  "bad_answer"};
  using OnAddresses = std::function<void(const base::Result<DnsAddresses>&)>;
  using OnServices = std::function<void(const base::Result<DnsServices>&)>;

  static constexpr std::size_t kUnderWayMax = 50;      // questions; the others wait their turn
  static constexpr std::size_t kWaitingMax = 100'000;  // more are answered with an error

  struct Options {
    std::string resolv_conf = "/etc/resolv.conf";
    Counted counted{};
  };

  DnsClient(Reactor& reactor, const DnsConfig& config, Options options);

  DnsClient(Reactor& reactor, const DnsConfig& config) : DnsClient(reactor, config, Options()) {}

  DnsClient(const DnsClient&) = delete;
  DnsClient& operator=(const DnsClient&) = delete;
  // Ends all that is under way, at once. Nobody is called any more.
  ~DnsClient();

  // From now on; resolv.conf is read again too. What is under way is asked anew.
  void use(const DnsConfig& config);

  [[nodiscard]] const DnsConfig& config() const;

  // A question takes at most 2 * timeout * tries, from when its turn comes. Errors name the name
  // (`resolving "app.internal": …`): not_found, timeout, unavailable, protocol, invalid.
  // Addresses are in the order to try them: IPv6 before IPv4 where it has a route, else after it.
  DnsQuestion ask_addresses(std::string name, OnAddresses answer);
  DnsQuestion ask_services(std::string name, OnServices answer);

  [[nodiscard]] std::size_t waiting() const;
  [[nodiscard]] std::size_t under_way() const;
  [[nodiscard]] std::vector<std::string> servers() const;  // "10.0.0.2:53", as asked in turn

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ravelin::gateway
