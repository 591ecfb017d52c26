// Session ticket keys (RFC 5077) that every gateway on a store shares, so that a session resumes at
// any of them and after a restart. The newest encrypts; a key that has left the file decrypts
// nothing any more. Blocks on the disk.
//   STORE/gateway/tickets/ring.json     0600
#pragma once

#include "certs/store/store_dir.h"

#include <array>
#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

using std::chrono::seconds;

// AES-256-CBC and HMAC-SHA-256. Wiped when it goes.
struct StoredTicketKey {
  std::array<unsigned char, 16> name{};
  std::array<unsigned char, 32> aes{};
  std::array<unsigned char, 32> hmac{};
  sys_seconds made{};

  StoredTicketKey() = default;
  StoredTicketKey(const StoredTicketKey&) = default;
  StoredTicketKey& operator=(const StoredTicketKey&) = default;
  ~StoredTicketKey();

  friend bool operator==(const StoredTicketKey&, const StoredTicketKey&) = default;
};

std::string format_tickets(std::span<const StoredTicketKey> keys);  // JSON; holds secrets
Result<std::vector<StoredTicketKey>> parse_tickets(std::string_view text);

struct TicketRules {
  seconds rotate_every{12 * 3600};
  std::size_t keep = 3;  // keys held
};

// Whether it is time for another key: there is none, the newest is old enough, or the clock has
// been set back behind it.
bool is_ticket_due(std::span<const StoredTicketKey> keys, const TicketRules& rules,
                   sys_seconds now);

// Newest first; none when there is no file. Errors: damaged, open to others.
Result<std::vector<StoredTicketKey>> read_tickets(const StorePaths& paths);

// The keys to use now, with a new one if it is due. Another process that is at it is not waited
// for: its key comes with the next call. A damaged file is set aside (ring.json.damaged), said in
// the log, and a new one begun.
Result<std::vector<StoredTicketKey>> tend_tickets(const StoreDir& store, const TicketRules& rules,
                                                  sys_seconds now);

// One new key in place of all: no ticket of before is taken any more.
Result<> replace_tickets(const StoreDir& store, sys_seconds now);

}  // namespace ravelin::certs
