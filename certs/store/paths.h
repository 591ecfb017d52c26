// Where things are in a store. One folder per certificate; a generation is a folder that never
// changes; one link says which is served:
//   STORE/FORMAT                      "ravelin-certs 2"
// What a gateway reads that has its keys in another process:
//   STORE/gateway/journal                   what was published, line by line (journal.h)
//   STORE/gateway/certs/NAME/want.json      names, issuers, keys (want.h)
//   STORE/gateway/certs/NAME/gen/000012/    ec.pem rsa.pem meta.json
//   STORE/gateway/certs/NAME/current        -> gen/000012
//   STORE/gateway/certs/NAME/previous       -> gen/000011
//   STORE/gateway/certs/NAME/history.jsonl  what happened to it (history.h)
//   STORE/gateway/canary/NAME.json          a generation that is tried on some clients
//   STORE/gateway/challenges, tickets       challenge_folder.h, ticket_file.h
//   STORE/gateway/revoked/spki              keys that are never served again
//   STORE/gateway/public.bin                index of all that; can be made again at any time
// Private keys, for whoever signs:
//   STORE/private/keys/NAME/000012/   ec.key rsa.key
//   STORE/private/pending/NAME/       an order that is not done (pending.h)
//   STORE/private/keys-*.bin          the keys of an index
// For whoever changes something:
//   STORE/locks/NAME                  who may (lease.h)
//   STORE/ca, accounts                other parts'
// All of it is its owner's alone. Pure; any thread.
#pragma once

#include "base/hash.h"
#include "certs/names.h"
#include "certs/store/generation.h"

#include <string>

namespace ravelin::certs {

class StorePaths {
 public:
  explicit StorePaths(std::string root) : root_(std::move(root)) {
    while (root_.size() > 1 && root_.ends_with('/'))
      root_.pop_back();
  }

  [[nodiscard]] const std::string& root() const { return root_; }

  [[nodiscard]] std::string format() const { return root_ + "/FORMAT"; }

  [[nodiscard]] std::string for_gateways() const { return root_ + "/gateway"; }

  [[nodiscard]] std::string for_signing() const { return root_ + "/private"; }

  [[nodiscard]] std::string journal() const { return for_gateways() + "/journal"; }

  [[nodiscard]] std::string all() const { return for_gateways() + "/certs"; }

  [[nodiscard]] std::string locks() const { return root_ + "/locks"; }

  [[nodiscard]] std::string lock(std::string_view name) const {
    return locks() + "/" + folder_of(name);
  }

  [[nodiscard]] std::string revoked_keys() const { return for_gateways() + "/revoked/spki"; }

  [[nodiscard]] std::string of(std::string_view name) const {
    return all() + "/" + folder_of(name);
  }

  // Where one goes that is being removed: no certificate's folder, and short enough for the longest
  // name.
  [[nodiscard]] std::string removed(std::string_view name) const {
    return fmt::format("{}/.gone-{:016x}", all(), base::mix_bits(base::fnv1a(name)));
  }

  [[nodiscard]] std::string want(std::string_view name) const { return of(name) + "/want.json"; }

  [[nodiscard]] std::string history(std::string_view name) const {
    return of(name) + "/history.jsonl";
  }

  [[nodiscard]] std::string all_pending() const { return for_signing() + "/pending"; }

  [[nodiscard]] std::string pending(std::string_view name) const {
    return all_pending() + "/" + folder_of(name);
  }

  // Of a placeholder's order: beside the other, and no certificate's folder.
  [[nodiscard]] std::string pending_placeholder(std::string_view name) const {
    return fmt::format("{}/.placeholder-{:016x}", all_pending(), base::mix_bits(base::fnv1a(name)));
  }

  [[nodiscard]] std::string all_keys() const { return for_signing() + "/keys"; }

  // Of all generations of a certificate, and of one.
  [[nodiscard]] std::string keys(std::string_view name) const {
    return all_keys() + "/" + folder_of(name);
  }

  [[nodiscard]] std::string keys(std::string_view name, std::uint64_t number) const {
    return keys(name) + "/" + number_text(number);
  }

  [[nodiscard]] std::string generations(std::string_view name) const { return of(name) + "/gen"; }

  [[nodiscard]] std::string generation(std::string_view name, std::uint64_t number) const {
    return generations(name) + "/" + number_text(number);
  }

  [[nodiscard]] std::string current(std::string_view name) const { return of(name) + "/current"; }

  [[nodiscard]] std::string previous(std::string_view name) const { return of(name) + "/previous"; }

 private:
  std::string root_;
};

// Of a pair: below the folder of its generation, and below that of its keys.
inline std::string chain_file(PairSlot slot) {
  return std::string(text_of(slot)) + ".pem";
}

inline std::string key_file(PairSlot slot) {
  return std::string(text_of(slot)) + ".key";
}

inline constexpr std::string_view kMetaFile = "meta.json";

}  // namespace ravelin::certs
