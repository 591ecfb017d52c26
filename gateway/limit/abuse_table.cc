#include "gateway/limit/abuse_table.h"

#include "gateway/limit/client_prefix.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Duration;
using base::IpAddress;
using base::IpPrefix;
using base::MonoTime;

namespace {

constexpr std::uint64_t kIpv4 = std::uint64_t{1} << 32;
constexpr std::uint64_t kUnspecified = std::uint64_t{2} << 32;  // ::/64, which would be 0
constexpr std::size_t kIpv4Bytes = 4;
constexpr std::size_t kIpv6Bytes = 8;

std::uint64_t big_endian(const IpAddress& address, std::size_t bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value = value << 8 | address.bytes[i];
  return value;
}

IpAddress from_big_endian(base::Family family, std::uint64_t value, std::size_t bytes) {
  IpAddress address{.family = family};
  for (std::size_t i = bytes; i-- > 0; value >>= 8)
    address.bytes[i] = static_cast<std::uint8_t>(value);
  return address;
}

// One point drains in this time.
Duration cost_of_a_point(const AbuseConfig& config) {
  return Duration(config.window) / config.budget;
}

}  // namespace

std::uint64_t pack_client(const IpPrefix& client) {
  if (client.address.family == base::Family::ipv4)
    return kIpv4 | big_endian(client.address, kIpv4Bytes);
  const std::uint64_t network = big_endian(client.address, kIpv6Bytes);
  return network == 0 ? kUnspecified : network;
}

IpPrefix unpack_client(std::uint64_t id) {
  if (id >> 32 == kIpv4 >> 32)
    return client_prefix(from_big_endian(base::Family::ipv4, id & 0xffffffff, kIpv4Bytes));
  return client_prefix(
      from_big_endian(base::Family::ipv6, id == kUnspecified ? 0 : id, kIpv6Bytes));
}

std::shared_ptr<AbuseTable> AbuseTable::make(const AbuseConfig& config,
                                             const std::vector<IpPrefix>& trusted,
                                             const AbuseTable* before) {
  std::shared_ptr<AbuseTable> table(new AbuseTable());
  table->config_ = config;
  table->config_.never.insert(table->config_.never.end(), trusted.begin(), trusted.end());
  if (before != nullptr && before->config_.entries == config.entries) {
    table->secret_ = before->secret_;
    table->points_ = before->points_;
    table->bans_ = before->bans_;
  } else {
    table->secret_ = random_sip_key();
    table->points_ = std::make_shared<BucketTable>(config.entries);
    table->bans_ = std::make_shared<BucketTable>(config.entries);
  }
  return table;
}

// Nobody is to be blamed for who comes over a Unix socket: those have no address.
bool AbuseTable::is_exempt(const IpAddress& client) const {
  const bool has_none = client == IpAddress{.family = client.family};
  return has_none || std::ranges::any_of(config_.never, [&](const IpPrefix& prefix) {
           return prefix.contains(client);
         });
}

BucketTable::Key AbuseTable::key_of(std::uint64_t id) const {
  return {id, sip_hash(secret_, {reinterpret_cast<const char*>(&id), sizeof id})};
}

bool AbuseTable::note(const IpAddress& client, std::uint32_t points, MonoTime now) {
  if (points == 0 || is_exempt(client)) return false;
  const BucketTable::Key key = key_of(pack_client(client_prefix(client)));
  const Duration budget(config_.window);
  const Duration level = points_->add(key, cost_of_a_point(config_) * points, 2 * budget, now);
  if (level <= budget) return false;
  const Duration ban(config_.ban);
  return bans_->take(key, ban, ban, now) == Duration(0);  // only who finds none begins one
}

bool AbuseTable::is_banned(const IpAddress& client, MonoTime now) const {
  const BucketTable::Key key = key_of(pack_client(client_prefix(client)));
  return bans_->level(key, now) > Duration(0) && !is_exempt(client);
}

std::vector<AbuseTable::Client> AbuseTable::worst(std::size_t count, MonoTime now) const {
  std::vector<Client> clients;
  const auto points_of = [&](Duration level) {
    return static_cast<std::uint32_t>(level / cost_of_a_point(config_));
  };
  for (const BucketTable::Bucket& ban : bans_->fullest(count, now)) {
    const Client client{unpack_client(ban.id), points_of(points_->level(key_of(ban.id), now)),
                        std::chrono::ceil<std::chrono::seconds>(ban.level)};
    if (!is_exempt(client.prefix.address)) clients.push_back(client);
  }
  for (const BucketTable::Bucket& bucket : points_->fullest(count, now)) {
    if (clients.size() >= count) break;
    if (bans_->level(key_of(bucket.id), now) > Duration(0)) continue;
    clients.push_back({unpack_client(bucket.id), points_of(bucket.level), {}});
  }
  return clients;
}

AbuseTable::Counts AbuseTable::counts(MonoTime now) const {
  return {points_->estimate_in_use(now), bans_->estimate_in_use(now)};
}

bool AbuseTable::forget(const IpPrefix& client, MonoTime now) {
  const BucketTable::Key key = key_of(pack_client(client));
  const bool had_points = points_->forget(key, now);
  const bool was_banned = bans_->forget(key, now);
  return had_points || was_banned;
}

}  // namespace ravelin::gateway
