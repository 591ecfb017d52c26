#include "gateway/runtime/ban_desk.h"

#include "base/io/log.h"
#include "base/text.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

// The metric counts them all.
base::LogRate ban_log_rate(20);
base::LogRate refusal_log_rate(20);

// Connections of clients beyond these end by themselves: their packets are dropped, or their next
// request is refused.
constexpr std::size_t kBannedMax = 16'384;

KernelBan state_of(messages::BanFate fate) {
  switch (fate) {
    case messages::BanFate::made:
      return KernelBan::made;
    case messages::BanFate::refused:
      return KernelBan::refused;
    case messages::BanFate::failed:
      return KernelBan::failed;
    case messages::BanFate::dropped:
      break;
  }
  return KernelBan::dropped;
}

std::string_view cause_of(const BanNotice& notice) {
  return notice.ban.rule.empty() ? describe(notice.reason).token : notice.ban.rule;
}

}  // namespace

BanDesk::BanDesk(messages::BanChannel* channel, std::function<void()> waiting)
    : channel_(channel), waiting_(std::move(waiting)) {
  if (channel_ == nullptr) return;
  channel_->on_settled([this](const messages::BanRequest& request, messages::BanFate fate,
                              const std::string& text) { settled(request, fate, text); });
}

void BanDesk::log(const BanNotice& notice) const {
  base::log_limited(ban_log_rate, base::LogLevel::warn, "abuse", "client banned",
                    {{"client", base::to_string(notice.client)},
                     {"reason", describe(notice.reason).token},
                     {"rule", notice.ban.rule},
                     {"for", base::format_duration(notice.ban.duration)},
                     {"offence", notice.ban.offence},
                     {"listener", notice.listener},
                     {"request", notice.request_id}});
}

void BanDesk::banned(const BanNotice& notice) {
  const bool goes_on = channel_ != nullptr && notice.path == ClientPath::direct;
  bool begins_to_wait = false;
  {
    const std::lock_guard lock(mutex_);
    recent_.add({.client = notice.client,
                 .at = base::wall_now(),
                 .duration = notice.ban.duration,
                 .reason = std::string(describe(notice.reason).token),
                 .rule = std::string(notice.ban.rule),
                 .request_id = std::string(notice.request_id),
                 .listener = std::string(notice.listener),
                 .offence = notice.ban.offence,
                 .generation = notice.generation,
                 .is_proxied = notice.path == ClientPath::proxied,
                 .kernel = goes_on ? KernelBan::asked : KernelBan::not_asked});
    begins_to_wait = banned_.empty();
    if (banned_.size() < kBannedMax) banned_.push_back(pack_client(notice.client));
  }
  // The firewall first, which takes ids as long as ours: what else follows may take its time.
  if (goes_on) {
    channel_->ban(
        {.target = notice.client,
         .duration = notice.ban.duration,
         .reason = std::string(cause_of(notice)),
         .request_id = std::string(notice.request_id.substr(0, messages::kTokenBytes.count)),
         .where = std::string(notice.listener)});
  }
  if (begins_to_wait) waiting_();
  log(notice);
}

void BanDesk::settled(const messages::BanRequest& request, messages::BanFate fate,
                      const std::string& text) {
  {
    const std::lock_guard lock(mutex_);
    recent_.settle(request.target, state_of(fate), text);
  }
  if (fate == messages::BanFate::made) return;
  base::log_limited(refusal_log_rate, base::LogLevel::warn, "abuse",
                    "the firewall does not drop a banned client; the gateway alone refuses it",
                    {{"client", base::to_string(request.target)},
                     {"result", to_string(state_of(fate))},
                     {"why", text},
                     {"request", request.request_id}});
}

std::vector<std::uint64_t> BanDesk::take_banned() {
  std::vector<std::uint64_t> taken;
  {
    const std::lock_guard lock(mutex_);
    taken.swap(banned_);
  }
  std::ranges::sort(taken);
  taken.erase(std::unique(taken.begin(), taken.end()), taken.end());
  return taken;
}

std::vector<BanRecord> BanDesk::of_client(const base::IpAddress& client, std::size_t count) const {
  const std::lock_guard lock(mutex_);
  return recent_.of_client(client, count);
}

std::vector<BanRecord> BanDesk::of_request(std::string_view request_id, std::size_t count) const {
  const std::lock_guard lock(mutex_);
  return recent_.of_request(request_id, count);
}

}  // namespace ravelin::gateway
