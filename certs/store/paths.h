// Where things are in a store. One folder per certificate; a generation is a folder that never
// changes; one link says which is served:
//   STORE/FORMAT                      "ravelin-certs 1"
//   STORE/journal                     what was published, line by line (journal.h)
//   STORE/certs/NAME/want.json        names, issuers, keys (want.h)
//   STORE/certs/NAME/gen/000012/      ec.pem ec.key rsa.pem rsa.key meta.json
//   STORE/certs/NAME/current          -> gen/000012
//   STORE/certs/NAME/previous         -> gen/000011
//   STORE/certs/NAME/pending/         an order that is not done (pending.h)
//   STORE/certs/NAME/history.jsonl    what happened to it (history.h)
//   STORE/canary/NAME.json            a generation that is tried on some clients (canary_file.h)
//   STORE/locks/NAME                  who may change it (lease.h)
//   STORE/revoked/spki                keys that are never served again
//   STORE/public.bin, keys-*.bin      index for gateways; can be made again at any time
//   STORE/ca, accounts, tickets       other parts'
// All of it is for its owner alone. Pure; any thread.
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

  [[nodiscard]] std::string journal() const { return root_ + "/journal"; }

  [[nodiscard]] std::string all() const { return root_ + "/certs"; }

  [[nodiscard]] std::string locks() const { return root_ + "/locks"; }

  [[nodiscard]] std::string lock(std::string_view name) const {
    return locks() + "/" + folder_of(name);
  }

  [[nodiscard]] std::string revoked_keys() const { return root_ + "/revoked/spki"; }

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

  [[nodiscard]] std::string pending(std::string_view name) const { return of(name) + "/pending"; }

  [[nodiscard]] std::string generations(std::string_view name) const { return of(name) + "/gen"; }

  [[nodiscard]] std::string generation(std::string_view name, std::uint64_t number) const {
    return generations(name) + "/" + number_text(number);
  }

  [[nodiscard]] std::string current(std::string_view name) const { return of(name) + "/current"; }

  [[nodiscard]] std::string previous(std::string_view name) const { return of(name) + "/previous"; }

 private:
  std::string root_;
};

// Of a pair below the folder of its generation.
inline std::string chain_file(PairSlot slot) {
  return std::string(text_of(slot)) + ".pem";
}

inline std::string key_file(PairSlot slot) {
  return std::string(text_of(slot)) + ".key";
}

inline constexpr std::string_view kMetaFile = "meta.json";

}  // namespace ravelin::certs
