// Keys of the configuration's files that are in the key process: here only the chains are read.
#pragma once

#include "gateway/tls/key_source.h"
#include "gateway/tls/remote/remote_keys.h"

namespace ravelin::gateway {

class RemoteKeySource final : public KeySource {
 public:
  explicit RemoteKeySource(std::shared_ptr<RemoteKeys> keys) : keys_(std::move(keys)) {}

  [[nodiscard]] certs::KeyReading reading() const override { return certs::KeyReading::elsewhere; }

  // Asks whether the key is there and is this certificate's. Waits for the answer.
  void give_key(certs::LoadedPair& loaded, const certs::PairFiles& files,
                const certs::LoadRules& rules) override;

 private:
  std::shared_ptr<RemoteKeys> keys_;
};

// Where the keys of a gateway are: in the key process or, with null, in this one.
std::unique_ptr<KeySource> make_key_source(const std::shared_ptr<RemoteKeys>& remote,
                                           certs::Tokens& tokens);

// What the key process finds about a key, as text, and back. nullopt: it is no finding.
std::string finding_text(const certs::PairFinding& finding);
std::optional<certs::PairFinding> parse_finding(std::string_view text);

}  // namespace ravelin::gateway
