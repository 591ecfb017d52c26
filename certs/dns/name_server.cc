#include "certs/dns/name_server.h"

#include "base/address.h"
#include "base/io/file.h"
#include "base/text.h"
#include "certs/dns/tcp_exchange.h"

#include <openssl/rand.h>

namespace ravelin::certs::dns {
namespace {

using base::Errc;
using base::fail;

constexpr std::uint16_t kPort = 53;
constexpr std::size_t kResolvConfBytesMax = std::size_t{64} * 1024;

std::uint16_t make_id() {
  unsigned char bytes[2] = {};
  RAND_bytes(bytes, sizeof bytes);
  return static_cast<std::uint16_t>((unsigned{bytes[0]} << 8U) | bytes[1]);
}

// Why an update was not taken.
std::string refusal(Code code, std::string_view zone) {
  switch (code) {
    case Code::not_authoritative:
      return fmt::format("zone \"{}\" is not one of its own (NOTAUTH)", zone);
    case Code::not_zone:
      return fmt::format("the name is not in zone \"{}\" (NOTZONE)", zone);
    case Code::refused:
      return fmt::format("zone \"{}\" takes no such update with this key (REFUSED)", zone);
    default:
      return fmt::format("the update of zone \"{}\" came to nothing: {}", zone, text_of(code));
  }
}

}  // namespace

Result<NameServer> NameServer::open(const std::string& address) {
  if (const auto ip = base::parse_ip(address); ip)
    return NameServer(address, base::to_string(*ip), kPort);
  const bool has_port = address.find(':') != std::string::npos;
  const auto endpoint =
      base::parse_endpoint(has_port ? address : fmt::format("{}:{}", address, kPort));
  if (endpoint) {
    if (const auto* ip = std::get_if<base::IpEndpoint>(&*endpoint); ip != nullptr)
      return NameServer(address, base::to_string(ip->address), ip->port);
    if (const auto* name = std::get_if<base::NameEndpoint>(&*endpoint); name != nullptr)
      return NameServer(address, name->name, name->port);
  }
  return fail(Errc::invalid, "\"{}\" is not the address of a name server (ADDRESS:PORT)", address);
}

Result<NameServer::Answer> NameServer::exchange(std::string_view request,
                                                const Patience& patience) {
  const std::string what = "name server " + address_;
  const auto addresses = resolver_.resolve(host_, port_, patience);
  if (!addresses) return base::wrap(addresses.error(), what);
  base::Error last;
  for (const acme::SocketAddress& address : *addresses) {
    auto bytes = tcp_exchange(address, request, patience);
    if (!bytes) {
      last = bytes.error();
      if (patience.stop.stop_requested()) break;
      continue;
    }
    auto message = parse_message(*bytes);
    if (!message) return base::wrap(message.error(), what);
    if (!message->is_answer || message->id != get16(request, 0))
      return fail(Errc::protocol, "{}: its answer is to another question", what);
    return Answer{std::move(*bytes), std::move(*message)};
  }
  return base::wrap(last, what);
}

Result<Message> NameServer::ask(std::string_view name, Type type, const Patience& patience) {
  const auto request = encode_question(make_id(), name, type);
  if (!request) return request.error();
  auto answer = exchange(*request, patience);
  if (!answer) return answer.error();
  return std::move(answer->message);
}

Result<> NameServer::update(std::string_view zone, std::span<const Record> changes,
                            const TsigKey& key, std::chrono::sys_seconds now,
                            const Patience& patience) {
  auto request = encode_update(make_id(), zone, changes);
  if (!request) return request.error();
  const auto signed_request = sign(std::move(*request), key, now);
  if (!signed_request) return signed_request.error();
  const auto answer = exchange(signed_request->bytes, patience);
  if (!answer) return answer.error();
  const std::string what = "name server " + address_;
  const auto checked = check_answer(answer->bytes, answer->message, key, signed_request->mac, now);
  if (!checked) return base::wrap(checked.error(), what);
  if (answer->message.code == Code::no_error) return {};
  return fail(Errc::denied, "{}: {}", what, refusal(answer->message.code, zone));
}

std::vector<std::string> read_resolvers(const std::string& path) {
  std::vector<std::string> resolvers;
  const auto text = base::read_file(path, kResolvConfBytesMax);
  if (!text) return resolvers;
  std::string_view rest(*text);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    std::string_view line = base::trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    constexpr std::string_view kWord = "nameserver";
    if (!line.starts_with(kWord)) continue;
    const auto address = base::parse_ip(base::trim(line.substr(kWord.size())));
    if (address) resolvers.push_back(base::to_string(base::IpEndpoint{*address, kPort}));
  }
  return resolvers;
}

}  // namespace ravelin::certs::dns
