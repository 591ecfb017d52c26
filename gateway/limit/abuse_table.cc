#include "gateway/limit/abuse_table.h"

#include "gateway/limit/client_prefix.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Duration;
using base::IpAddress;
using base::IpPrefix;
using base::MonoTime;
using std::chrono::seconds;

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

bool is_same(const AbuseTrigger& a, const AbuseTrigger& b) {
  return a.name == b.name && a.event == b.event && a.count == b.count && a.window == b.window &&
         a.statuses == b.statuses && a.paths == b.paths;
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

seconds ban_time(const AbuseConfig& config, std::uint32_t offence) {
  seconds time = config.ban;
  for (std::uint32_t i = 1; i < offence && time < config.ban_max; ++i)
    time *= config.ban_factor;
  return std::min(time, config.ban_max);
}

std::shared_ptr<AbuseTable> AbuseTable::make(const AbuseConfig& config, Exempt exempt,
                                             const AbuseTable* before) {
  std::shared_ptr<AbuseTable> table(new AbuseTable());
  table->config_ = config;
  table->config_.never.insert(table->config_.never.end(), exempt.trusted.begin(),
                              exempt.trusted.end());
  table->exempt_hosts_ = std::move(exempt.hosts);
  std::ranges::sort(table->exempt_hosts_);
  if (before != nullptr && before->config_.entries != config.entries) before = nullptr;
  table->secret_ = before != nullptr ? before->secret_ : random_sip_key();
  if (before != nullptr) table->take_over(*before);
  for (auto* part : {&table->points_, &table->bans_, &table->offences_}) {
    if (*part == nullptr) *part = std::make_shared<BucketTable>(config.entries);
  }
  table->add_triggers(before);
  return table;
}

void AbuseTable::take_over(const AbuseTable& before) {
  bans_ = before.bans_;
  const bool same_points =
      before.config_.budget == config_.budget && before.config_.window == config_.window;
  if (same_points) points_ = before.points_;
  if (before.config_.forget == config_.forget) offences_ = before.offences_;
}

void AbuseTable::add_triggers(const AbuseTable* before) {
  triggers_.reserve(config_.triggers.size());
  for (const AbuseTrigger& config : config_.triggers) {
    counted_ |= 1U << static_cast<unsigned>(config.event);
    Trigger trigger{config, PathTraps(config.paths), nullptr};
    if (before != nullptr) {
      for (const Trigger& known : before->triggers_)
        if (is_same(known.config, config)) trigger.counted = known.counted;
    }
    if (trigger.counted == nullptr)
      trigger.counted = std::make_shared<BucketTable>(config_.entries);
    triggers_.push_back(std::move(trigger));
  }
}

// Nobody is to be blamed for who comes over a Unix socket: those have no address.
bool AbuseTable::is_exempt(const IpAddress& client) const {
  const bool has_none = client == IpAddress{.family = client.family};
  return has_none || std::ranges::binary_search(exempt_hosts_, client) ||
         std::ranges::any_of(config_.never,
                             [&](const IpPrefix& prefix) { return prefix.contains(client); });
}

BucketTable::Key AbuseTable::key_of(std::uint64_t id) const {
  return {id, sip_hash(secret_, {reinterpret_cast<const char*>(&id), sizeof id})};
}

// Each offence pours `forget` into a bucket, and the time of its ban: so they are forgotten one
// after the other, and none before its ban has ended. What is left of a ban is no offence.
std::uint32_t AbuseTable::offences(const BucketTable::Key& key, MonoTime now) const {
  const Duration left = bans_->level(key, now);
  const Duration level = std::max(offences_->level(key, now) - left, Duration(0));
  const Duration each(config_.forget);
  return static_cast<std::uint32_t>((level + each - Duration(1)) / each);
}

std::optional<AbuseBan> AbuseTable::begin_ban(const BucketTable::Key& key, std::string_view rule,
                                              MonoTime now) {
  constexpr int kOffencesMax = 16;
  const std::uint32_t offence = offences(key, now) + 1;
  const seconds time = ban_time(config_, offence);
  const Duration ban(time);
  // Only who finds none begins one.
  if (bans_->take(key, ban, ban, now) != Duration(0)) return std::nullopt;
  const Duration forget(config_.forget);
  offences_->add(key, forget + ban, kOffencesMax * forget + Duration(config_.ban_max), now);
  return AbuseBan{time, offence, rule};
}

std::optional<AbuseBan> AbuseTable::note(const IpAddress& client, std::uint32_t points,
                                         MonoTime now) {
  if (points == 0 || is_exempt(client)) return std::nullopt;
  const BucketTable::Key key = key_of(pack_client(client_prefix(client)));
  const Duration budget(config_.window);
  const Duration level = points_->add(key, cost_of_a_point(config_) * points, 2 * budget, now);
  if (level <= budget) return std::nullopt;
  return begin_ban(key, {}, now);
}

template <class Meets>
std::optional<AbuseBan> AbuseTable::count(const IpAddress& client, MonoTime now,
                                          const Meets& meets) {
  std::optional<BucketTable::Key> key;
  std::optional<AbuseBan> begun;
  for (const Trigger& trigger : triggers_) {
    if (!meets(trigger)) continue;
    if (!key) {
      if (is_exempt(client)) return std::nullopt;
      key = key_of(pack_client(client_prefix(client)));
    }
    const Duration window(trigger.config.window);
    const Duration level = trigger.counted->add(*key, trigger.cost(), window, now);
    if (level <= window - trigger.cost()) continue;
    if (auto ban = begin_ban(*key, trigger.config.name, now)) begun = ban;
    // Who comes back after the ban begins anew.
    trigger.counted->forget(*key, now);
  }
  return begun;
}

std::optional<AbuseBan> AbuseTable::note_event(const IpAddress& client, AbuseEvent event,
                                               MonoTime now) {
  return count(client, now, [&](const Trigger& trigger) { return trigger.config.event == event; });
}

std::optional<AbuseBan> AbuseTable::note_status(const IpAddress& client, int status, MonoTime now) {
  return count(client, now, [&](const Trigger& trigger) {
    return trigger.config.event == AbuseEvent::status &&
           std::ranges::any_of(trigger.config.statuses, [&](const auto& range) {
             return range.first <= status && status <= range.second;
           });
  });
}

std::optional<AbuseBan> AbuseTable::note_path(const IpAddress& client, std::string_view path,
                                              MonoTime now) {
  return count(client, now, [&](const Trigger& trigger) {
    return trigger.config.event == AbuseEvent::path && trigger.traps.has(path);
  });
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

AbuseTable::Standing AbuseTable::standing(const IpAddress& client, MonoTime now) const {
  const IpPrefix prefix = client_prefix(client);
  const BucketTable::Key key = key_of(pack_client(prefix));
  Standing standing{.client = {.prefix = prefix}, .is_exempt = is_exempt(client)};
  standing.client.points =
      static_cast<std::uint32_t>(points_->level(key, now) / cost_of_a_point(config_));
  if (!standing.is_exempt)
    standing.client.banned_for = std::chrono::ceil<seconds>(bans_->level(key, now));
  standing.offences = offences(key, now);
  for (const Trigger& trigger : triggers_) {
    const Duration level = trigger.counted->level(key, now);
    const auto count = (level + trigger.cost() - Duration(1)) / trigger.cost();
    if (count > 0)
      standing.counted.emplace_back(trigger.config.name, static_cast<std::uint32_t>(count));
  }
  return standing;
}

AbuseTable::Counts AbuseTable::counts(MonoTime now) const {
  return {points_->estimate_in_use(now), bans_->estimate_in_use(now)};
}

bool AbuseTable::forget(const IpPrefix& client, MonoTime now) {
  const BucketTable::Key key = key_of(pack_client(client));
  const bool had_points = points_->forget(key, now);
  const bool was_banned = bans_->forget(key, now);
  offences_->forget(key, now);
  for (const Trigger& trigger : triggers_)
    trigger.counted->forget(key, now);
  return had_points || was_banned;
}

}  // namespace ravelin::gateway
