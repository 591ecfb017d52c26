// The renewal of certificates, as the gateway knows it: another process, which asks what the
// gateway sees, is told of swaps, and tells how it fares. It may come, end and come again.
#pragma once

#include "messages/channel/correspondent.h"
#include "system/renewal/renewal_report.h"

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace ravelin::system {

// What the gateway is asked. All but `post` are called on the thread that `post` leads to.
struct GatewayAnswers {
  std::function<void(std::function<void()>)> post;
  std::function<messages::ChallengeState(const std::string& token)> challenge;
  std::function<messages::SwapState(const messages::SwapRef& swap)> swap;
  // Those that may still be under watch.
  std::function<std::vector<messages::SwapNote>()> swaps;
};

class RenewalLink {
 public:
  RenewalLink() = default;
  RenewalLink(const RenewalLink&) = delete;
  RenewalLink& operator=(const RenewalLink&) = delete;
  ~RenewalLink() = default;

  // ---- any thread ----
  // Another process renews from now on; before start() it waits.
  void attach(messages::SeqSocket socket);
  [[nodiscard]] RenewalReport report() const;

  // ---- the thread that answers ----
  void start(GatewayAnswers answers);
  // Nothing is asked any more; what was posted may still run, as long as this is there.
  void stop();
  void note(const messages::SwapNote& note);

 private:
  using Peer = std::shared_ptr<messages::Correspondent>;

  void connect(messages::SeqSocket socket);
  [[nodiscard]] Peer renewal() const;
  // On the peer's thread.
  void take_in(messages::Packet packet);
  void answer(std::uint32_t id, const messages::Message& question);
  void tell(const messages::Packet& packet);

  mutable std::mutex mutex_;  // the rest but answers_
  Peer renewal_;
  std::unique_ptr<messages::SeqSocket> waiting_;
  bool is_started_ = false;
  RenewalReport shown_;
  RenewalReport coming_;
  messages::RenewalsTold of_before_;  // by processes that have ended
  GatewayAnswers answers_;
};

}  // namespace ravelin::system
