#include "tests/system/keys/key_lab.h"

#include "base/check.h"
#include "gateway/tls/remote/key_id.h"
#include "gateway/tls/remote/remote_signer.h"

namespace ravelin::system::test {

messages::KeyRef configured(const KeyFile& file, const certs::PairPtr& pair) {
  return {.place = messages::KeyPlace::configured,
          .name = file.id,
          .spki = gateway::fingerprint_bytes(pair->chain.info.spki_sha256)};
}

messages::KeyRef stored(const std::string& name, std::uint64_t generation,
                        const certs::PairPtr& pair) {
  const bool is_rsa = pair->chain.info.key_type == certs::KeyType::rsa;
  return {.place = messages::KeyPlace::store,
          .name = name,
          .generation = generation,
          .slot = is_rsa ? messages::KeySlot::rsa : messages::KeySlot::ec,
          .spki = gateway::fingerprint_bytes(pair->chain.info.spki_sha256)};
}

messages::SignRequest request_13(messages::KeyRef key, std::uint16_t scheme,
                                 messages::TlsSide side) {
  return {.key = std::move(key),
          .tls_version = messages::TlsVersion::tls1_3,
          .side = side,
          .scheme = scheme,
          .transcript_hash = messages::Bytes(32, std::byte{7})};
}

KeyFile KeyLab::add(const std::string& name, const certs::PairPtr& pair, certs::PairUse use) {
  ravelin::test::write_pair(dir_, name, pair);
  KeyFile file{.files = {dir_.path(name + ".crt"), dir_.path(name + ".key")}, .use = use};
  file.id = gateway::key_id(file.files, use);
  list.files.push_back(file);
  return file;
}

void KeyProcess::start(gateway::RemoteKeys& keys) {
  std::vector<base::OwnedFd> connections;
  connections.push_back(connect());
  keys.attach(std::move(connections));
}

base::OwnedFd KeyProcess::connect() {
  if (desk_ == nullptr) {
    desk_ = std::make_unique<KeyDesk>(list_, options_);
    auto server = KeyServer::open(*desk_, 2);
    CHECK(server.has_value());
    server_ = std::move(*server);
  }
  auto ends = messages::SeqSocket::make_pair();
  CHECK(ends.has_value());
  server_->add(base::OwnedFd(::dup(ends->first.fd())));
  return base::OwnedFd(::dup(ends->second.fd()));
}

void KeyProcess::kill() {
  server_.reset();
  desk_.reset();
}

}  // namespace ravelin::system::test
