// The private keys at hand: read from their files, their store or their token when they are first
// asked for, and kept as long as they are asked for often. Never more than a list allows. Any
// thread; waits for the disk, and for tokens.
#pragma once

#include "certs/token/tokens.h"
#include "messages/message.h"
#include "system/keys/key_list.h"

#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

namespace ravelin::system {

// One of the two is there.
struct HeldKey {
  certs::KeyPtr key;
  certs::TokenKeyPtr token;
  messages::TlsSide side = messages::TlsSide::server;
  std::string spki_sha256;
};

using HeldKeyPtr = std::shared_ptr<const HeldKey>;

// A key, or why there is none; warnings with a key.
struct FoundKey {
  HeldKeyPtr key;
  std::vector<certs::PairFinding> findings;
  bool is_refused = false;  // it is not for whoever asks: not listed, revoked, another's
};

class KeyRack {
 public:
  struct Options {
    std::size_t keys_max = 4'096;
    base::Duration revoked_look_every = std::chrono::seconds(1);
    certs::Tokens::Options tokens{};
    // Of tokens that are there already, for URIs without a module-path.
    std::vector<std::shared_ptr<certs::TokenModule>> modules{};
  };

  KeyRack(KeyList list, Options options);
  KeyRack(const KeyRack&) = delete;
  KeyRack& operator=(const KeyRack&) = delete;
  ~KeyRack() = default;

  // As it is held, else read.
  FoundKey get(const messages::KeyRef& ref, base::MonoTime now);
  // Read anew, whatever is held.
  FoundKey read(const messages::KeyRef& ref, base::MonoTime now);

  // From now on; keys of files that are not listed any more are let go.
  void use(KeyList list);

  [[nodiscard]] std::size_t size() const;

  // Of at most so many as a message holds.
  [[nodiscard]] messages::TokenCounts token_counts() const;

 private:
  struct Entry {
    std::string name;
    HeldKeyPtr key;
    bool is_stored = false;
  };

  FoundKey read_configured(const messages::KeyRef& ref);
  FoundKey read_stored(const messages::KeyRef& ref);
  FoundKey find_token_key(const KeyFile& file, const std::string& spki);
  void keep(const std::string& name, const messages::KeyRef& ref, HeldKeyPtr key);
  HeldKeyPtr held(const std::string& name);
  void look_at_revoked(base::MonoTime now);

  const Options options_;
  std::mutex reading_;  // one key at a time; of what follows
  KeyList list_;
  certs::Tokens tokens_;
  std::set<std::string, std::less<>> revoked_;
  std::uint64_t revoked_stamp_ = 0;
  mutable std::mutex mutex_;  // of what follows; held for a few moves
  std::list<Entry> used_;     // most recent first
  std::unordered_map<std::string, std::list<Entry>::iterator> by_name_;
  std::atomic<std::int64_t> next_look_ns_{0};
};

}  // namespace ravelin::system
