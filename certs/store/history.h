// What happened to one certificate, a line each, never rewritten. The text of a line is pure; any
// thread.
#pragma once

#include "base/result.h"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

using base::Result;

struct HistoryEntry {
  std::chrono::sys_seconds at{};
  // "issue", "rotate", "rollback", "import", "export", "revoke", "probe", "failed", "canary";
  // "refused": clients did not take it, and so it is taken back (once)
  std::string event;
  std::uint64_t generation = 0;  // that is served then; 0 = none
  std::string by;
  std::string node;
  std::string detail;  // for people
  // ---- of what an issuer has signed ----
  std::string issuer{};         // "" = nothing was
  std::uint64_t orders = 0;     // one for each key
  std::uint64_t replacing = 0;  // those that named the certificate they replace (RFC 9773)
  // ---- of a failure ----
  std::string waits_for{};  // the issuer that wishes not to be asked again for it; "" = none does
  std::chrono::sys_seconds waits_until{};  // before that

  friend bool operator==(const HistoryEntry&, const HistoryEntry&) = default;
};

std::string format_entry(const HistoryEntry& entry);  // one line, without its end

// Oldest first. A line cut off by a crash is left out.
std::vector<HistoryEntry> parse_history(std::string_view text);

}  // namespace ravelin::certs
