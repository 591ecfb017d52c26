#include "gateway/runtime/store_tickets.h"

#include "base/io/log.h"
#include "gateway/runtime/store_certificates.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

constexpr std::chrono::seconds kLookEvery{5};

// The strictest of all: keys that leave early cost a handshake, keys that stay cost secrecy.
certs::TicketRules rules_of(const Config& config) {
  certs::TicketRules rules{.rotate_every = std::chrono::hours(168), .keep = 2};
  for (const ListenerConfig& listener : config.listeners) {
    if (!listener.tls || !listener.tls->from_store) continue;
    const TicketConfig& tickets = listener.tls->tickets;
    rules.rotate_every = std::min(rules.rotate_every, tickets.rotate);
    rules.keep = std::max(rules.keep, static_cast<std::size_t>(tickets.keep));
  }
  return rules;
}

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

void StoreTickets::use(const Config& config) {
  next_look_ = {};
  rules_ = rules_of(config);
  const std::string path = shows_store(config) ? config.certs_store : std::string();
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
  auto keys = certs::tend_tickets(*store_, rules_, std::chrono::floor<std::chrono::seconds>(wall));
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
