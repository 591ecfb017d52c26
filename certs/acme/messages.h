// What a CA says (RFC 8555 section 7.1) as values. Every member has a type and a limit, URLs are
// https, tokens are base64url; anything else is an error that names the message and the member.
// What this version does not know is passed over. Pure; fuzzed.
#pragma once

#include "base/clock.h"
#include "certs/acme/problem.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs::acme {

struct Directory {
  std::string new_nonce;
  std::string new_account;
  std::string new_order;
  std::string revoke_cert;   // "" = cannot be asked to
  std::string key_change;    // ""
  std::string renewal_info;  // "" = does not say when to renew (RFC 9773)
  std::string terms;         // of service, ""
  bool external_account_required = false;
  std::vector<std::string> profiles;

  friend bool operator==(const Directory&, const Directory&) = default;
};

// Of accounts, orders, authorizations and challenges; no message may have all of them.
enum class Status : std::uint8_t {
  pending,
  ready,
  processing,
  valid,
  invalid,
  deactivated,
  expired,
  revoked
};
std::string_view text_of(Status status);

struct Account {
  Status status = Status::valid;

  friend bool operator==(const Account&, const Account&) = default;
};

struct Identifier {
  std::string type;  // "dns", "ip"
  std::string value;

  friend auto operator<=>(const Identifier&, const Identifier&) = default;
};

struct Order {
  Status status = Status::pending;
  std::vector<Identifier> identifiers;
  std::vector<std::string> authorizations;  // URLs
  std::string finalize;
  std::string certificate;  // "" until valid
  std::optional<Problem> error;

  friend bool operator==(const Order&, const Order&) = default;
};

struct OfferedChallenge {
  std::string type;  // also ones nobody here can answer; those have no token
  std::string url;
  std::string token;
  Status status = Status::pending;
  std::optional<Problem> error;

  friend bool operator==(const OfferedChallenge&, const OfferedChallenge&) = default;
};

struct Authorization {
  Identifier identifier;  // without "*."
  Status status = Status::pending;
  bool is_wildcard = false;
  std::vector<OfferedChallenge> challenges;

  friend bool operator==(const Authorization&, const Authorization&) = default;
};

Result<Directory> parse_directory(std::string_view text);
Result<Account> parse_account(std::string_view text);
Result<Order> parse_order(std::string_view text);
Result<Authorization> parse_authorization(std::string_view text);
Result<OfferedChallenge> parse_challenge(std::string_view text);

// "dns" or "ip" as the name is one; names of an order as ACME wants them.
Identifier identifier_of(std::string_view name);
// Whether both are the same set, by any order and any case.
bool are_same(std::vector<Identifier> a, std::vector<Identifier> b);

}  // namespace ravelin::certs::acme
