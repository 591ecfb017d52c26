// Files of keys as a configuration names them, and a key process in threads of the test's own.
#pragma once

#include "gateway/tls/remote/remote_key_source.h"
#include "system/keys/key_server.h"
#include "tests/support/temp_dir.h"
#include "tests/support/test_certs.h"

#include <memory>
#include <string>

namespace ravelin::system::test {

messages::KeyRef configured(const KeyFile& file, const certs::PairPtr& pair);
messages::KeyRef stored(const std::string& name, std::uint64_t generation,
                        const certs::PairPtr& pair);

// What a server or a client of TLS 1.3 asks for.
messages::SignRequest request_13(messages::KeyRef key, std::uint16_t scheme,
                                 messages::TlsSide side = messages::TlsSide::server);

class KeyLab {
 public:
  // Writes NAME.crt and NAME.key, and lists them.
  KeyFile add(const std::string& name, const certs::PairPtr& pair,
              certs::PairUse use = certs::PairUse::server);

  [[nodiscard]] const ravelin::test::TempDir& dir() const { return dir_; }

  KeyList list;

 private:
  ravelin::test::TempDir dir_;
};

// A key process between start() and kill(); what asks it stays.
class KeyProcess {
 public:
  explicit KeyProcess(KeyList list, KeyDesk::Options options = {})
      : list_(std::move(list)), options_(std::move(options)) {}

  KeyProcess(const KeyProcess&) = delete;
  KeyProcess& operator=(const KeyProcess&) = delete;

  ~KeyProcess() { kill(); }

  // Answers `keys` from now on.
  void start(gateway::RemoteKeys& keys);
  // The end for a gateway.
  base::OwnedFd connect();
  // With its connections.
  void kill();

  [[nodiscard]] KeyDesk& desk() { return *desk_; }

 private:
  KeyList list_;
  KeyDesk::Options options_;
  std::unique_ptr<KeyDesk> desk_;
  std::unique_ptr<KeyServer> server_;
};

}  // namespace ravelin::system::test
