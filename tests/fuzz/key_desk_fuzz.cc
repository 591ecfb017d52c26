// A message from whoever holds a connection to the key process: answered once, or nobody's
// business; signed only if its key is the one that is there, and what is signed is nothing but TLS.
#include "base/check.h"
#include "certs/issuer/private_key.h"
#include "certs/signing/key_fingerprint.h"
#include "certs/signing/signed_structure.h"
#include "gateway/tls/remote/remote_signer.h"
#include "messages/codec.h"
#include "system/keys/key_desk.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>

namespace ravelin::system {
namespace {

struct Desk {
  messages::KeyRef key;
  std::unique_ptr<KeyDesk> desk;
};

Desk make_desk() {
  std::string folder = "/tmp/key_desk_fuzz.XXXXXX";
  CHECK(::mkdtemp(folder.data()) != nullptr);
  const std::string path = folder + "/key.pem";
  const auto key = certs::generate_key(certs::KeyKind::p256);
  CHECK(key);
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL, 0600);
  CHECK(fd >= 0);
  const std::string pem = certs::key_to_pem(key->get());
  CHECK(::write(fd, pem.data(), pem.size()) == static_cast<ssize_t>(pem.size()));
  ::close(fd);
  KeyList list{.files = {{.id = "k", .files = {folder + "/chain.pem", path}}}};
  Desk made{{.name = "k", .spki = gateway::fingerprint_bytes(certs::key_fingerprint(key->get()))},
            std::make_unique<KeyDesk>(
                std::move(list), KeyDesk::Options{.signatures_per_second = 1e9, .burst = 1e9})};
  // Held from now on: nothing is left behind.
  CHECK(
      made.desk->take(messages::KeyQuestion{.key = made.key}, [](const messages::Message& answer) {
        CHECK(std::get<messages::KeyAnswer>(answer).outcome == messages::Outcome::done);
      }));
  ::unlink(path.c_str());
  ::rmdir(folder.c_str());
  return made;
}

std::optional<messages::Message> ask(KeyDesk& desk, const messages::Message& question) {
  std::optional<messages::Message> answer;
  const bool is_taken = desk.take(question, [&answer](const messages::Message& message) {
    CHECK(!answer);
    answer = message;
  });
  CHECK(is_taken == answer.has_value());
  if (answer) CHECK(messages::encode({.id = 1, .message = *answer}));
  return answer;
}

void run(std::span<const std::byte> bytes) {
  static const Desk desk = make_desk();
  auto packet = messages::decode(bytes);
  if (!packet) return;
  static_cast<void>(ask(*desk.desk, packet->message));
  auto* request = std::get_if<messages::SignRequest>(&packet->message);
  if (request == nullptr) return;
  // The same of the key that is there.
  request->key = desk.key;
  const auto answer = ask(*desk.desk, *request);
  if (std::get<messages::SignResult>(*answer).outcome != messages::Outcome::done) return;
  const auto structure = certs::build_structure(*request);
  CHECK(structure && certs::read_structure(*structure, request->side));
}

}  // namespace
}  // namespace ravelin::system

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ravelin::system::run(std::as_bytes(std::span(data, size)));
  return 0;
}
