// The gateway's own listeners, asked as a strict client does: do they show the generation that is
// to be served? Blocks within its patience.
#pragma once

#include "certs/rotate/judge_swap.h"
#include "certs/rotate/probe_address.h"
#include "certs/store/store_dir.h"

#include <span>
#include <string>
#include <vector>

namespace ravelin::certs {

struct ProbePlace {
  std::string address;  // as bound: "0.0.0.0:443" is asked on loopback; "unix:/path" too
  bool is_tls_1_2 = true;
  bool is_tls_1_3 = true;
};

struct ProbeReport {
  ProbeSays says = ProbeSays::nothing;  // the worst of all places
  std::string text{};                   // of that; of `shown` all, "; " between them
};

// For each place, version and key of the generation. What is refused is asked for twice: a worker
// may have been late. A listener that is not there, full or busy says nothing about a certificate.
ProbeReport probe_swap(const StoreDir& store, const std::string& name, std::uint64_t generation,
                       std::span<const ProbePlace> places, base::WallTime now,
                       const acme::Patience& patience);

// Errors: no address.
Result<acme::SocketAddress> own_address(std::string_view bound);

}  // namespace ravelin::certs
