#include "gateway/upstream/resolve_names.h"

#include <algorithm>

namespace ravelin::gateway {

using base::IpAddress;
using base::NameEndpoint;

namespace {

// Of more than kAddressesMax the same ones each time, whatever order they come in.
AddressList to_list(std::vector<IpAddress> addresses, std::uint16_t port) {
  if (addresses.size() > kAddressesMax) {
    std::ranges::sort(addresses);
    addresses.resize(kAddressesMax);
  }
  AddressList list;
  for (const IpAddress& address : addresses)
    list.push_back(to_socket_address(base::IpEndpoint{address, port}));
  return list;
}

}  // namespace

void NameWatch::use(const std::set<NameEndpoint>& names) {
  std::map<std::string, std::set<std::uint16_t>> wanted;
  for (const NameEndpoint& name : names)
    wanted[name.name].insert(name.port);
  std::erase_if(names_, [&](const auto& entry) { return !wanted.contains(entry.first); });
  for (const auto& [name, ports] : wanted) {
    Name& entry = names_[name];
    if (entry.watch == nullptr)
      entry.watch = std::make_unique<AddressWatch>(reactor_, client_, name,
                                                   [this, asked = name] { changed(asked); });
    std::erase_if(entry.by_port, [&](const auto& one) { return !ports.contains(one.first); });
    for (const std::uint16_t port : ports) {
      if (!entry.by_port.contains(port))
        entry.by_port.emplace(port, to_list(entry.watch->addresses(), port));
    }
  }
}

const AddressList* NameWatch::addresses(const NameEndpoint& name) const {
  const auto entry = names_.find(name.name);
  if (entry == names_.end()) return nullptr;
  const auto list = entry->second.by_port.find(name.port);
  const bool is_known = list != entry->second.by_port.end() && !list->second.empty();
  return is_known ? &list->second : nullptr;
}

void NameWatch::changed(const std::string& name) {
  const auto entry = names_.find(name);
  if (entry == names_.end()) return;
  for (auto& [port, list] : entry->second.by_port) {
    list = to_list(entry->second.watch->addresses(), port);
    found_(NameEndpoint{name, port}, list);
  }
}

}  // namespace ravelin::gateway
