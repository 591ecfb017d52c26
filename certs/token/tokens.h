// The tokens this process uses, each opened once however many certificates have keys in it. The
// thread that loads certificates; the keys it gives out sign from any thread.
#pragma once

#include "certs/file.h"
#include "certs/token/signing_threads.h"

#include <memory>
#include <string>
#include <vector>

namespace ravelin::certs {

// A private key in a token, proven to be a certificate's.
class TokenKey {
 public:
  TokenKey(std::shared_ptr<const WantedKey> key, std::shared_ptr<SigningThreads> threads)
      : key_(std::move(key)), threads_(std::move(threads)) {}

  using Done = std::function<void(Result<Bytes>)>;

  // The certificate's.
  [[nodiscard]] EVP_PKEY* public_key() const { return key_->public_key.get(); }

  // Does not wait; `done` as SignJob's, asked `is_wanted` before.
  void sign(SignKind kind, Bytes input, std::function<bool()> is_wanted, Done done) const {
    threads_->submit({key_, kind, std::move(input), std::move(is_wanted), std::move(done)});
  }

 private:
  std::shared_ptr<const WantedKey> key_;
  std::shared_ptr<SigningThreads> threads_;
};

using TokenKeyPtr = std::shared_ptr<const TokenKey>;

struct TokenStatus {
  std::string label;
  bool is_away = false;
  std::size_t waiting = 0;
  SigningCounts counts;
};

class Tokens {
 public:
  struct Options {
    SigningOptions signing{};
    TokenOptions token{};
  };

  Tokens() = default;

  explicit Tokens(Options options) : options_(std::move(options)) {}

  Tokens(const Tokens&) = delete;
  Tokens& operator=(const Tokens&) = delete;
  ~Tokens() = default;

  // A module that is there already, for URIs without a module-path.
  void add_module(std::shared_ptr<TokenModule> module) {
    modules_.push_back(std::move(module));
    has_configured_ = true;
  }

  // The key `files` names, for a certificate with this public key. Waits for the token. Errors say
  // what to do: Errc::conflict: it is another certificate's key; else it cannot be used.
  Result<TokenKeyPtr> key(const PairFiles& files, const KeyFileRules& rules, EVP_PKEY* public_key);

  // The same for a pair that load_pair() has read: its key, or a finding in place of the pair.
  TokenKeyPtr key_of(LoadedPair& loaded, const PairFiles& files, const LoadRules& rules);

  [[nodiscard]] std::vector<TokenStatus> status() const;

  // Lets go of tokens that no certificate uses any more, and of their PINs.
  void prune();

 private:
  struct Entry {
    SlotFacts facts;  // when it was first seen
    std::shared_ptr<Token> token;
    std::shared_ptr<SigningThreads> threads;
  };

  struct Found {
    std::shared_ptr<TokenModule> module;
    SlotFacts facts;
  };

  Result<Found> find(const KeyUri& uri);
  Result<std::vector<std::shared_ptr<TokenModule>>> modules_for(const std::string& path);
  Result<const Entry*> entry_for(const KeyUri& uri);

  Options options_;
  std::vector<std::shared_ptr<TokenModule>> modules_;
  bool has_configured_ = false;  // those of the host are among them
  std::vector<Entry> entries_;
  std::uint64_t next_id_ = 1;
};

}  // namespace ravelin::certs
