// One certificate from "wanted" to "served": prepare (keys, order, checks, handshakes in memory),
// then publish. Everything an order needs is on the disk before a CA is asked, so a crash at any
// point is resumed without a second order; nothing that is served changes before the last step.
// Blocks for as long as an issuer does: on a thread of its own.
#pragma once

#include "certs/issuer/issuer.h"
#include "certs/store/pending.h"
#include "certs/store/store_dir.h"
#include "certs/validate_pair.h"

#include <functional>
#include <stop_token>
#include <string>
#include <vector>

namespace ravelin::certs {

// Shown to some clients first (canary_file.h), not served to all at once.
struct CanaryWish {
  std::uint32_t share = 0;       // of kWholeShare
  std::chrono::seconds lasts{};  // then all get it; 0 = when someone says so
};

struct RotationRequest {
  std::string name;    // of the certificate in the store
  Want want;           // kept beside it
  std::string reason;  // "issue", "rotate", "renewal", "key-compromise"
  std::string by;      // who asks
  // Tried this time, in order, and then the others of `want` if one says that it will never sign
  // this; empty = all of `want`.
  std::vector<std::string> issuers{};
  std::optional<CanaryWish> canary{};  // not with "key-compromise", nor where nothing is served yet
};

struct RotationResult {
  std::uint64_t before = 0;  // generation that was served; 0 = none
  GenerationInfo info;       // of the one that is served now, or tried
};

// Issuers by the configuration's names for them.
using FindIssuer = std::function<Issuer*(const std::string& name)>;

struct RotationParts {
  StoreDir& store;
  FindIssuer find_issuer;
  std::function<base::WallTime()> now = base::wall_now;
  // Told of each step as it is done, for people. May be empty.
  std::function<void(const std::string& step)> progress{};
  // Told how each issuer that was asked for a certificate did; nullptr: it has signed. May be
  // empty.
  std::function<void(const std::string& issuer, const IssueFailure* failure)> asked{};
};

// Why it came to nothing; what is served is as before.
struct RotationFailure {
  base::Error error;
  std::optional<std::chrono::seconds> retry_after{};  // the CA's wish
};

using RotationOutcome = boost::system::result<RotationResult, RotationFailure>;

// Tries the issuers in their order. Failures are noted in the certificate's history.
// Errc::conflict: another holds the lease, or has taken it over, and nothing is noted.
RotationOutcome rotate_certificate(const RotationParts& parts, const RotationRequest& request,
                                   std::stop_token stop);

// Serves an older generation again: the previous one when `number` is 0. Errors: there is none, it
// has ended or its key is revoked.
Result<GenerationInfo> roll_back(const RotationParts& parts, const std::string& name,
                                 std::uint64_t number, const std::string& by);

// Whether a generation that came from elsewhere could be imported: its warnings. Changes nothing
// but the generation, whose record is filled in (check_generation.h).
Result<std::vector<PairFinding>> check_import(const RotationParts& parts, const std::string& name,
                                              Generation& generation);

// A generation from chains and keys that came from elsewhere.
Result<RotationResult> import_certificate(const RotationParts& parts, const std::string& name,
                                          Generation generation, const std::string& by);

}  // namespace ravelin::certs
