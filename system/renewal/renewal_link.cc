#include "system/renewal/renewal_link.h"

#include "base/io/log.h"

#include <utility>

namespace ravelin::system {

using messages::Correspondent;
using messages::Packet;

namespace {

// Of one report; a process of ours tells fewer.
constexpr std::size_t kNotesMax = 10'000;

template <class Note>
void add(std::vector<Note>& notes, Note&& note) {
  if (notes.size() < kNotesMax) notes.push_back(std::forward<Note>(note));
}

}  // namespace

void RenewalLink::attach(messages::SeqSocket socket) {
  {
    const std::lock_guard guard(mutex_);
    if (!is_started_) {
      waiting_ = std::make_unique<messages::SeqSocket>(std::move(socket));
      return;
    }
  }
  connect(std::move(socket));
}

void RenewalLink::connect(messages::SeqSocket socket) {
  auto next =
      std::make_shared<Correspondent>(std::move(socket), Correspondent::Side::answers,
                                      [this](Packet packet) { take_in(std::move(packet)); });
  Peer before;
  {
    const std::lock_guard guard(mutex_);
    before = std::exchange(renewal_, std::move(next));
    of_before_.by_probe += std::exchange(shown_.end.by_probe, 0);
    of_before_.by_alerts += std::exchange(shown_.end.by_alerts, 0);
    coming_ = {};
  }
  answers_.post([this] {
    for (const messages::SwapNote& each : answers_.swaps())
      note(each);
  });
}

void RenewalLink::start(GatewayAnswers answers) {
  answers_ = std::move(answers);
  std::unique_ptr<messages::SeqSocket> socket;
  {
    const std::lock_guard guard(mutex_);
    is_started_ = true;
    socket = std::move(waiting_);
  }
  if (socket != nullptr) connect(std::move(*socket));
}

void RenewalLink::stop() {
  Peer before;
  const std::lock_guard guard(mutex_);
  is_started_ = false;
  before = std::move(renewal_);
}

RenewalLink::Peer RenewalLink::renewal() const {
  const std::lock_guard guard(mutex_);
  return renewal_;
}

RenewalReport RenewalLink::report() const {
  const std::lock_guard guard(mutex_);
  RenewalReport report = shown_;
  report.end.by_probe += of_before_.by_probe;
  report.end.by_alerts += of_before_.by_alerts;
  return report;
}

void RenewalLink::take_in(Packet packet) {
  if (packet.id != 0) {
    // The thread that answers knows; it may also be about to end.
    return answers_.post([this, packet = std::move(packet)] { answer(packet.id, packet.message); });
  }
  const std::lock_guard guard(mutex_);
  if (auto* renewal = std::get_if<messages::RenewalNote>(&packet.message)) {
    add(coming_.renewals, std::move(*renewal));
  } else if (auto* limit = std::get_if<messages::LimitNote>(&packet.message)) {
    add(coming_.limits, std::move(*limit));
  } else if (const auto* end = std::get_if<messages::RenewalsTold>(&packet.message)) {
    coming_.end = *end;
    shown_ = std::exchange(coming_, {});
  }
}

void RenewalLink::answer(std::uint32_t id, const messages::Message& question) {
  if (const auto* challenge = std::get_if<messages::ChallengeQuestion>(&question))
    tell({.id = id, .message = answers_.challenge(challenge->token)});
  else if (const auto* swap = std::get_if<messages::SwapQuestion>(&question))
    tell({.id = id, .message = answers_.swap(swap->swap)});
}

void RenewalLink::note(const messages::SwapNote& note) {
  tell({.message = note});
}

// Never waits: this is the thread that serves.
void RenewalLink::tell(const Packet& packet) {
  const Peer renewal = this->renewal();
  if (renewal == nullptr || renewal->is_closed()) return;
  if (const auto sent = renewal->tell(packet); !sent && !renewal->is_closed())
    base::log_warn("certs", "the process that renews certificates does not listen",
                   {{"lost", to_string(packet.message)}, {"error", sent.error().message}});
}

}  // namespace ravelin::system
