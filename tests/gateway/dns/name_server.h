// A name server on 127.0.0.1, UDP and TCP on one port, that says what the test wants. On the test's
// own reactor.
#pragma once

#include "base/address.h"
#include "gateway/dns/dns_message.h"
#include "gateway/net/reactor.h"

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::gateway::test {

// One resource record; `data` as on the wire.
struct WireRecord {
  std::string owner;  // "" = the name that was asked for
  std::uint16_t type = 0;
  std::uint32_t ttl_s = 60;
  std::vector<std::uint8_t> data;
};

std::vector<std::uint8_t> wire_name(std::string_view name);  // not compressed
WireRecord address_record(std::string_view address, std::uint32_t ttl_s = 60);
WireRecord alias_record(std::string_view target, std::uint32_t ttl_s = 60,
                        std::string_view owner = "");
WireRecord service_record(std::string_view target, std::uint16_t port, std::uint16_t priority = 0,
                          std::uint16_t weight = 0, std::uint32_t ttl_s = 60);

struct WireReply {
  std::vector<WireRecord> records;
  int code = 0;            // 2 = SERVFAIL, 3 = NXDOMAIN
  bool is_silent = false;  // no answer at all
  bool is_cut = false;     // over UDP: none of the records, but the TC flag
  std::uint16_t flags = 0x8180;
};

// A whole message that answers a question for `name`.
std::vector<std::uint8_t> wire_message(std::uint16_t id, std::string_view name, RecordType type,
                                       const WireReply& reply);

class NameServer {
 public:
  explicit NameServer(Reactor& reactor);
  NameServer(const NameServer&) = delete;
  NameServer& operator=(const NameServer&) = delete;
  ~NameServer();

  [[nodiscard]] base::IpEndpoint endpoint() const;

  // From now on. A name without a reply does not exist; one with a reply for another type exists,
  // and has no such record.
  void say(std::string_view name, RecordType type, WireReply reply);
  // A and AAAA: A with these addresses, no AAAA.
  void say(std::string_view name, std::vector<std::string_view> addresses,
           std::uint32_t ttl_s = 60);
  void fail(std::string_view name, int code);  // SERVFAIL and the like, for all types
  void hush(std::string_view name);            // no answers about it

  [[nodiscard]] int asked(std::string_view name) const;  // questions for it so far, of all types
  [[nodiscard]] int asked_in_all() const;
  [[nodiscard]] int asked_over_tcp() const;
  [[nodiscard]] int most_at_once() const;  // questions that came without an answer between them

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ravelin::gateway::test
