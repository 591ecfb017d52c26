#include "gateway/limit/route_limits.h"

#include "base/text.h"
#include "gateway/limit/client_prefix.h"

#include <algorithm>

namespace ravelin::gateway {

using base::Duration;
using base::MonoTime;

namespace {

// The one value of a field; "" where there is none, or more than one: which of two a server would
// read is not ours to guess.
std::string_view only_value(const FieldList& fields, FieldId id, std::string_view name) {
  std::string_view value;
  bool is_found = false;
  for (const Field& field : fields) {
    const bool is_same = id != FieldId::unknown ? field.id == id : base::iequals(field.name, name);
    if (!is_same) continue;
    if (is_found) return {};
    is_found = true;
    value = field.value;
  }
  return value;
}

std::uint64_t hash_client(const SipKey& secret, const base::IpAddress& client) {
  const base::IpPrefix prefix = client_prefix(client);
  const auto bytes = static_cast<std::size_t>(prefix.length) / 8;
  return sip_hash(secret, {reinterpret_cast<const char*>(prefix.address.bytes.data()), bytes});
}

std::uint32_t whole_seconds(Duration wait) {
  const auto seconds = std::chrono::ceil<std::chrono::seconds>(wait).count();
  return static_cast<std::uint32_t>(std::max<std::int64_t>(1, seconds));
}

}  // namespace

LimitTables make_limit_tables(std::size_t rate_entries, const LimitTables* before) {
  LimitTables tables = before == nullptr ? LimitTables{random_sip_key(), nullptr,
                                                       std::make_shared<InFlightTable>(), 0}
                                         : *before;
  if (tables.rate_entries == rate_entries) return tables;
  tables.rates = rate_entries == 0 ? nullptr : std::make_shared<BucketTable>(rate_entries);
  tables.rate_entries = rate_entries;
  return tables;
}

RouteLimits::Key RouteLimits::Key::make(const LimitKeyConfig& config, const SipKey& secret) {
  return {config.kind, config.header, find_field(config.header), derive(secret, "key"),
          derive(secret, "client")};
}

std::uint64_t RouteLimits::Key::of(const Requester& requester) const {
  std::string_view value;
  if (kind == LimitKeyConfig::Kind::header) {
    value = only_value(requester.fields, header_id, header);
  } else if (kind == LimitKeyConfig::Kind::certificate) {
    value = requester.certificate;
  }
  const std::uint64_t hash =
      value.empty() ? hash_client(client_secret, requester.client) : sip_hash(secret, value);
  return hash == 0 ? 1 : hash;
}

std::shared_ptr<const RouteLimits> RouteLimits::make(const RouteLimitsConfig& config,
                                                     std::string_view listener,
                                                     std::string_view route,
                                                     const LimitTables& tables) {
  if (config == RouteLimitsConfig{}) return nullptr;
  std::shared_ptr<RouteLimits> limits(new RouteLimits());
  limits->tables_ = tables;
  std::string name(listener);
  name.append(1, '\0').append(route).append(1, '\0');
  if (const auto& rate = config.rate) {
    const Duration cost = Duration(rate->per) / rate->requests;
    // A level is the time in which it drains at this rate: at another one, or counted by another
    // key, it says nothing, and who spent a slow rate would be shut out of a quicker one for as
    // long as the slow one takes. So each has buckets of its own. Another burst measures alike, and
    // a reload forgives nothing.
    const std::string of_rate = fmt::format("{}rate {} {} {}", name, cost.count(),
                                            static_cast<int>(rate->key.kind), rate->key.header);
    limits->rate_ =
        Rate{Key::make(rate->key, derive(tables.secret, of_rate)), cost, cost * rate->burst};
  }
  if (const auto& concurrent = config.concurrent) {
    limits->concurrency_ =
        Concurrency{Key::make(concurrent->key, derive(tables.secret, name + "concurrent")),
                    concurrent->requests};
  }
  if (config.bandwidth) limits->bandwidth_ = *config.bandwidth;
  return limits;
}

RouteLimits::Verdict RouteLimits::admit(const Requester& requester, MonoTime now,
                                        InFlightPlace& place) const {
  InFlightPlace taken;
  if (concurrency_) {
    const std::uint64_t key = concurrency_->key.of(requester);
    if (!tables_.in_flight->enter(key, concurrency_->max)) return {Reason::concurrency_limited, 1};
    taken = InFlightPlace(tables_.in_flight, key);
  }
  if (rate_) {
    const std::uint64_t key = rate_->key.of(requester);
    const Duration wait = tables_.rates->take({key, key}, rate_->cost, rate_->capacity, now);
    if (wait > Duration(0)) return {Reason::rate_limited, whole_seconds(wait)};
  }
  place = std::move(taken);
  return {};
}

}  // namespace ravelin::gateway
