// The gateway, as the renewal of certificates knows it, which is in another process: whether it
// answers a challenge, what it sees of a swap; and it is told how renewal fares. Any thread.
#pragma once

#include "certs/issuer/challenges.h"
#include "certs/rotate/swap_watcher.h"
#include "messages/channel/correspondent.h"
#include "system/renewal/renewal_report.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

namespace ravelin::system {

class GatewayLink {
 public:
  using SwapHandler = std::function<void(const certs::CertificateSwap&, std::chrono::seconds ago)>;

  // `store`: the root of the one that is renewed; swaps of others are none.
  explicit GatewayLink(std::string store) : store_(std::move(store)) {}

  GatewayLink(const GatewayLink&) = delete;
  GatewayLink& operator=(const GatewayLink&) = delete;
  ~GatewayLink() = default;

  // Before attach(). Called on a thread of the link's.
  void on_swap(SwapHandler handler) { swapped_ = std::move(handler); }

  // The gateway of before is asked no more.
  void attach(messages::SeqSocket socket);

  // How often it was.
  [[nodiscard]] std::uint64_t attached() const { return attached_.load(); }

  // Until every worker answers it, ten seconds at most; a gateway that is being started is waited
  // for. Errc::unavailable.
  base::Result<> await_challenge(const certs::Challenge& challenge);

  // nullopt: there is no gateway, or it does not answer.
  std::optional<certs::SwapNow> ask(const certs::CertificateSwap& swap);

  // Errors: there is no gateway, or it does not read.
  base::Result<> tell(const RenewalReport& report);

  // Whoever waits does not any longer.
  void stop();

 private:
  [[nodiscard]] std::shared_ptr<messages::Correspondent> gateway();
  void take_in(const messages::Packet& packet);

  [[nodiscard]] messages::SwapRef ref_of(const certs::CertificateSwap& swap) const;

  std::string store_;
  SwapHandler swapped_;
  std::mutex mutex_;  // gateway_
  std::shared_ptr<messages::Correspondent> gateway_;
  std::atomic<std::uint64_t> attached_{0};
  std::atomic<bool> is_ending_{false};
};

}  // namespace ravelin::system
