#include "certs/dns/dns_update.h"

#include "base/io/log.h"
#include "base/text.h"
#include "certs/dns/find_zone.h"

#include <algorithm>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;
using dns::Patience;
using dns::Record;

constexpr std::uint32_t kTtlSeconds = 60;

}  // namespace

Result<DnsUpdater::Place> DnsUpdater::find_place(const Challenge& challenge,
                                                 const Patience& patience) const {
  auto server = dns::NameServer::open(options_.server);
  if (!server) return server.error();
  auto name = dns::follow_aliases(*server, options_.resolvers, "_acme-challenge." + challenge.name,
                                  patience);
  if (!name) return name.error();
  if (!options_.zone.empty()) return Place{std::move(*name), options_.zone};
  auto zone = dns::find_zone(*server, *name, patience);
  if (!zone) return zone.error();
  return Place{std::move(*name), std::move(*zone)};
}

Result<> DnsUpdater::change(const Place& place, const Challenge& challenge, dns::Class in_class,
                            const Patience& patience) const {
  auto server = dns::NameServer::open(options_.server);
  if (!server) return server.error();
  const auto key = dns::read_tsig_key(options_.key_file);
  if (!key) return key.error();
  const std::vector<Record> changes = {{.name = place.name,
                                        .type = dns::Type::txt,
                                        .in_class = in_class,
                                        .ttl_s = in_class == dns::Class::in ? kTtlSeconds : 0,
                                        .data = dns::encode_txt(dns_record_value(challenge))}};
  return server->update(place.zone, changes, *key,
                        std::chrono::floor<std::chrono::seconds>(options_.now()), patience);
}

Result<> DnsUpdater::await(const std::string& server_address, const Place& place,
                           const std::string& value, const Patience& patience) const {
  auto server = dns::NameServer::open(server_address);
  if (!server) return server.error();
  const std::string doing =
      fmt::format("waiting for {} at name server {}", place.name, server_address);
  for (;;) {
    const auto answer = server->ask(place.name, dns::Type::txt, patience);
    if (!answer) return answer.error();
    if (answer->code == dns::Code::refused)
      return fail(Errc::denied, "{}: it refuses to say what it has (REFUSED)", doing);
    const bool is_there = std::ranges::any_of(answer->answers, [&](const Record& record) {
      return record.type == dns::Type::txt && dns::txt_of(record.data) == value;
    });
    if (is_there) return {};
    if (auto waited = acme::pause(options_.ask_every, patience, doing); !waited) return waited;
  }
}

Result<> DnsUpdater::put_up(const Challenge& challenge) {
  const Patience patience{base::mono_now() + options_.deadline};
  const std::string value = dns_record_value(challenge);
  auto place = find_place(challenge, patience);
  if (!place) return place.error();
  // Also when the answer is lost: then the record may be there.
  const Place& kept = up_.insert_or_assign(value, std::move(*place)).first->second;
  if (auto added = change(kept, challenge, dns::Class::in, patience); !added) {
    const bool was_refused =
        added.error().code != Errc::timeout && added.error().code != Errc::unavailable;
    if (was_refused) up_.erase(value);
    return added;
  }
  if (auto seen = await(options_.server, kept, value, patience); !seen) return seen;
  for (const std::string& secondary : options_.secondaries)
    if (auto seen = await(secondary, kept, value, patience); !seen) return seen;
  return {};
}

void DnsUpdater::take_down(const Challenge& challenge) {
  const auto found = up_.find(dns_record_value(challenge));
  if (found == up_.end()) return;  // it was never put up
  const Patience patience{base::mono_now() + options_.deadline};
  const Place place = std::move(found->second);
  up_.erase(found);
  if (const auto gone = change(place, challenge, dns::Class::none, patience); !gone)
    base::log_warn("acme", "a DNS record stays behind",
                   {{"name", place.name}, {"reason", gone.error().message}});
}

}  // namespace ravelin::certs
