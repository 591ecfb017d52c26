#include "gateway/runtime/store_tickets.h"

#include "base/io/log.h"
#include "gateway/runtime/store_certificates.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

constexpr std::chrono::seconds kLookEvery{5};

std::shared_ptr<const TicketKeys> to_keys(const std::vector<certs::StoredTicketKey>& stored) {
  auto keys = std::make_shared<TicketKeys>();
  keys->keys.reserve(stored.size());
  for (const certs::StoredTicketKey& each : stored) {
    TicketKey& key = keys->keys.emplace_back();
    key.name = each.name;
    key.aes = each.aes;
    key.hmac = each.hmac;
  }
  return keys;
}

}  // namespace

// Keys that leave early cost a handshake, keys that stay cost secrecy.
std::optional<certs::TicketRules> ticket_rules_of(const Config& config) {
  if (!shows_store(config)) return std::nullopt;
  certs::TicketRules rules{.rotate_every = std::chrono::hours(168), .keep = 2};
  for (const ListenerConfig& listener : config.listeners) {
    if (!listener.tls || !listener.tls->from_store) continue;
    const TicketConfig& tickets = listener.tls->tickets;
    rules.rotate_every = std::min(rules.rotate_every, tickets.rotate);
    rules.keep = std::max(rules.keep, static_cast<std::size_t>(tickets.keep));
  }
  return rules;
}

void StoreTickets::use(const Config& config) {
  next_look_ = {};
  const auto rules = ticket_rules_of(config);
  rules_ = rules.value_or(certs::TicketRules{});
  const std::string path = rules ? config.certs_store : std::string();
  if (path == path_) return;
  path_ = path;
  store_.reset();
  known_.clear();
  keys_.reset();
  made_.reset();
}

void StoreTickets::fail(const std::string& why) {
  if (why != trouble_)
    base::log_error("tls", "the store's session ticket keys cannot be used",
                    {{"store", path_}, {"error", why}});
  trouble_ = why;
}

base::Result<std::vector<certs::StoredTicketKey>> StoreTickets::read(base::WallTime wall) const {
  if (rotation_ == Rotation::elsewhere) return certs::read_tickets(store_->paths());
  return certs::tend_tickets(*store_, rules_, std::chrono::floor<std::chrono::seconds>(wall));
}

bool StoreTickets::tick(base::MonoTime now, base::WallTime wall) {
  if (path_.empty() || now < next_look_) return false;
  next_look_ = now + kLookEvery;
  if (!store_) {
    auto opened = certs::StoreDir::open(path_);
    if (!opened) {
      fail(opened.error().message);
      return false;
    }
    store_ = std::move(*opened);
  }
  auto keys = read(wall);
  if (keys && keys->empty()) return false;  // whoever makes them has not come to it
  if (!keys) {
    fail(keys.error().message);
    return false;
  }
  trouble_.clear();
  if (*keys == known_) return false;
  known_ = std::move(*keys);
  keys_ = to_keys(known_);
  made_ = known_.front().made;
  base::log_info("tls", "session ticket keys of the store", {{"keys", known_.size()}});
  return true;
}

}  // namespace ravelin::gateway
