#include "gateway/limit/recent_bans.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

template <class Meets>
std::vector<BanRecord> youngest(const std::deque<BanRecord>& bans, std::size_t count,
                                const Meets& meets) {
  std::vector<BanRecord> found;
  for (auto record = bans.rbegin(); record != bans.rend() && found.size() < count; ++record)
    if (meets(*record)) found.push_back(*record);
  return found;
}

}  // namespace

std::string_view to_string(KernelBan state) {
  switch (state) {
    case KernelBan::not_asked:
      return "not_asked";
    case KernelBan::asked:
      return "asked";
    case KernelBan::made:
      return "made";
    case KernelBan::refused:
      return "refused";
    case KernelBan::failed:
      return "failed";
    case KernelBan::dropped:
      break;
  }
  return "dropped";
}

void RecentBans::add(BanRecord record) {
  if (bans_.size() >= bans_max_) bans_.pop_front();
  bans_.push_back(std::move(record));
}

// What is settled was asked a moment ago: it stands near the end.
void RecentBans::settle(const base::IpPrefix& client, KernelBan state, std::string_view text) {
  const auto asked = std::find_if(bans_.rbegin(), bans_.rend(), [&](const BanRecord& record) {
    return record.client == client && record.kernel == KernelBan::asked;
  });
  if (asked == bans_.rend()) return;
  asked->kernel = state;
  asked->kernel_text = text;
}

std::vector<BanRecord> RecentBans::of_client(const base::IpAddress& client,
                                             std::size_t count) const {
  return youngest(bans_, count,
                  [&](const BanRecord& record) { return record.client.contains(client); });
}

std::vector<BanRecord> RecentBans::of_request(std::string_view request_id,
                                              std::size_t count) const {
  return youngest(bans_, count, [&](const BanRecord& record) {
    return !request_id.empty() && record.request_id == request_id;
  });
}

}  // namespace ravelin::gateway
