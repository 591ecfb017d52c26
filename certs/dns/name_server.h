// One name server, asked over TCP: questions and signed updates. Blocks, within a patience; one
// thread at a time.
#pragma once

#include "certs/acme/patience.h"
#include "certs/acme/resolver.h"
#include "certs/dns/message.h"
#include "certs/dns/tsig.h"

#include <functional>
#include <span>
#include <string>
#include <vector>

namespace ravelin::certs::dns {

using acme::Patience;

class NameServer {
 public:
  // "192.0.2.1:53", "[2001:db8::1]:53", "ns.example.com:53"; the port may be left out. Error: none
  // of these.
  static Result<NameServer> open(const std::string& address);

  // Errors name the server: it cannot be reached, is silent, or its answer is none. An answer that
  // says no (Message::code) is none of these.
  Result<Message> ask(std::string_view name, Type type, const Patience& patience);

  // Errors also: the server does not take it, in words; the signature of the answer is wrong.
  // `now`: the clock that signs.
  Result<> update(std::string_view zone, std::span<const Record> changes, const TsigKey& key,
                  std::chrono::sys_seconds now, const Patience& patience);

  [[nodiscard]] const std::string& address() const { return address_; }

 private:
  NameServer(std::string address, std::string host, std::uint16_t port)
      : address_(std::move(address)), host_(std::move(host)), port_(port) {}

  struct Answer {
    std::string bytes;
    Message message;
  };

  Result<Answer> exchange(std::string_view request, const Patience& patience);

  std::string address_;  // for messages
  std::string host_;
  std::uint16_t port_;
  acme::Resolver resolver_;
};

// `nameserver` lines of a resolv.conf(5), with their port; none of a file that cannot be read.
std::vector<std::string> read_resolvers(const std::string& path = "/etc/resolv.conf");

}  // namespace ravelin::certs::dns
