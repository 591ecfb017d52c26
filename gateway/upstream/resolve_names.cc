#include "gateway/upstream/resolve_names.h"

#include "base/io/log.h"

#include <algorithm>

namespace ravelin::gateway {

using base::NameEndpoint;
using base::Result;

namespace {

// Name servers hand the same addresses out in changing order: that is no change.
bool same_addresses(const AddressList& a, const AddressList& b) {
  return a.size() == b.size() && std::ranges::all_of(a, [&](const SocketAddress& one) {
           return std::ranges::any_of(b, [&](const SocketAddress& other) {
             return to_endpoint(one) == to_endpoint(other);
           });
         });
}

std::string to_text(const AddressList& addresses) {
  std::string text;
  for (const SocketAddress& address : addresses) {
    if (!text.empty()) text += ' ';
    text += base::to_string(to_endpoint(address));
  }
  return text;
}

}  // namespace

NameWatch::NameWatch(Reactor& reactor, Found found, const ResolveTiming& timing,
                     Resolver::LookUp look_up)
    : reactor_(reactor), found_(std::move(found)), timing_(timing), resolver_(reactor, look_up) {}

void NameWatch::use(const std::set<NameEndpoint>& names) {
  std::erase_if(names_, [&](const auto& entry) { return !names.contains(entry.first); });
  for (const NameEndpoint& name : names) {
    if (names_.contains(name)) continue;
    names_.emplace(name, std::make_unique<Name>(reactor_, [this, name] { ask(name); }));
    ask(name);
  }
}

const AddressList* NameWatch::addresses(const NameEndpoint& name) const {
  const auto entry = names_.find(name);
  if (entry == names_.end() || entry->second->addresses.empty()) return nullptr;
  return &entry->second->addresses;
}

void NameWatch::ask(const NameEndpoint& name) {
  resolver_.ask(name, [this, name](const Result<AddressList>& found) { answered(name, found); });
}

void NameWatch::answered(const NameEndpoint& name, const Result<AddressList>& found) {
  const auto known = names_.find(name);
  if (known == names_.end()) return;  // no longer wanted
  Name& entry = *known->second;
  entry.alarm.set(reactor_.refresh_now() + (found ? timing_.every : timing_.after_failure));
  if (found) {
    take(name, entry, *found);
    return;
  }
  if (entry.is_failing) return;
  entry.is_failing = true;
  base::log_warn("health",
                 entry.addresses.empty() ? "a server's name has no address"
                                         : "a server's name is not resolved; addresses are kept",
                 {{"name", name.name}, {"reason", found.error().message}});
}

void NameWatch::take(const NameEndpoint& name, Name& entry, const AddressList& found) {
  const bool was_failing = std::exchange(entry.is_failing, false);
  const bool is_new = !same_addresses(entry.addresses, found);
  if (is_new || was_failing) {
    base::log_info("health", "a server's name is resolved",
                   {{"name", name.name}, {"addresses", to_text(found)}});
  }
  if (!is_new) return;
  entry.addresses = found;
  found_(name, found);
}

}  // namespace ravelin::gateway
