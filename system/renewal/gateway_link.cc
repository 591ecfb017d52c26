#include "system/renewal/gateway_link.h"

#include "messages/fitted_text.h"

#include <thread>
#include <utility>

namespace ravelin::system {

using base::Errc;
using base::Result;
using messages::Correspondent;
using messages::Flag;

namespace {

constexpr std::chrono::seconds kAnswerMax{2};

certs::SwapNow now_of(const messages::SwapState& state) {
  certs::SwapNow now;
  now.is_shown = state.is_shown == Flag::yes;
  now.is_by_every_worker = state.is_by_every_worker == Flag::yes;
  now.accepted = state.accepted;
  now.refusing = state.refusing;
  for (std::size_t i = 0; i < state.places.size(); ++i)
    now.places.push_back({state.places[i], state.versions[i] != messages::TlsVersions::only_1_3,
                          state.versions[i] != messages::TlsVersions::only_1_2});
  return now;
}

}  // namespace

void GatewayLink::attach(messages::SeqSocket socket) {
  auto next =
      std::make_shared<Correspondent>(std::move(socket), Correspondent::Side::asks,
                                      [this](const messages::Packet& packet) { take_in(packet); });
  std::shared_ptr<Correspondent> before;
  {
    const std::lock_guard guard(mutex_);
    before = std::exchange(gateway_, is_ending_ ? nullptr : std::move(next));
  }
  attached_.fetch_add(1);
}

std::shared_ptr<Correspondent> GatewayLink::gateway() {
  const std::lock_guard guard(mutex_);
  return gateway_ == nullptr || gateway_->is_closed() ? nullptr : gateway_;
}

messages::SwapRef GatewayLink::ref_of(const certs::CertificateSwap& swap) const {
  return {store_, swap.name, swap.before, swap.generation, messages::flag_of(swap.is_canary)};
}

void GatewayLink::take_in(const messages::Packet& packet) {
  const auto* note = std::get_if<messages::SwapNote>(&packet.message);
  if (note == nullptr || !swapped_) return;
  const messages::SwapRef& swap = note->swap;
  if (swap.store != store_) return;
  swapped_({swap.name, swap.before, swap.generation, swap.is_canary == Flag::yes}, note->ago);
}

Result<> GatewayLink::await_challenge(const certs::Challenge& challenge) {
  constexpr int kTurns = 500;
  constexpr std::chrono::milliseconds kPause{20};
  std::string last = "there is none";
  for (int i = 0; i < kTurns && !is_ending_; ++i, std::this_thread::sleep_for(kPause)) {
    const auto gateway = this->gateway();
    if (gateway == nullptr) continue;
    const auto answer = gateway->ask(messages::ChallengeQuestion{challenge.token}, kAnswerMax);
    const auto* state = answer ? std::get_if<messages::ChallengeState>(&*answer) : nullptr;
    if (state != nullptr && state->workers != 0 && state->answering == state->workers) return {};
    if (state != nullptr)
      last = fmt::format("{} of {} workers have it", state->answering, state->workers);
    else
      last = answer ? "it answered something else" : answer.error().message;
  }
  return base::fail(Errc::unavailable, "the gateway does not answer the challenge for {}: {}",
                    challenge.name, last);
}

std::optional<certs::SwapNow> GatewayLink::ask(const certs::CertificateSwap& swap) {
  const auto gateway = this->gateway();
  if (gateway == nullptr || is_ending_) return std::nullopt;
  const auto answer = gateway->ask(messages::SwapQuestion{ref_of(swap)}, kAnswerMax);
  if (!answer) return std::nullopt;
  const auto* state = std::get_if<messages::SwapState>(&*answer);
  if (state == nullptr) return std::nullopt;
  return now_of(*state);
}

Result<> GatewayLink::tell(const RenewalReport& report) {
  constexpr std::chrono::seconds kPatience{5};
  const auto gateway = this->gateway();
  if (gateway == nullptr) return base::fail(Errc::unavailable, "there is no gateway");
  const auto send = [&](messages::Message message) {
    return gateway->tell({.message = std::move(message)}, kPatience);
  };
  for (const messages::RenewalNote& note : report.renewals)
    if (auto sent = send(note); !sent) return sent;
  for (const messages::LimitNote& note : report.limits)
    if (auto sent = send(note); !sent) return sent;
  return send(report.end);
}

void GatewayLink::stop() {
  is_ending_ = true;
  std::shared_ptr<Correspondent> before;
  const std::lock_guard guard(mutex_);
  before = std::move(gateway_);
}

}  // namespace ravelin::system
