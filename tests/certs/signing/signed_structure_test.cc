#include "certs/signing/signed_structure.h"

#include <gtest/gtest.h>

#include <string>

namespace ravelin::certs {
namespace {

using messages::SignRequest;
using messages::TlsSide;
using messages::TlsVersion;
using Bytes = std::vector<unsigned char>;

Bytes bytes_of(std::string_view text) {
  return {text.begin(), text.end()};
}

messages::Bytes some(std::size_t count, unsigned char first = 1) {
  messages::Bytes bytes(count);
  for (std::size_t i = 0; i < count; ++i)
    bytes[i] = static_cast<std::byte>(first + i);
  return bytes;
}

Bytes verify_13(std::string_view side, std::size_t hash_bytes) {
  Bytes structure = bytes_of(std::string(64, ' ') + "TLS 1.3, " + std::string(side) +
                             " CertificateVerify" + std::string(1, '\0'));
  structure.resize(structure.size() + hash_bytes, 0x5a);
  return structure;
}

Bytes exchange(unsigned char group, std::size_t point_bytes, unsigned char first) {
  Bytes structure(64, 0x11);
  structure.insert(structure.end(), {3, 0, group, static_cast<unsigned char>(point_bytes), first});
  structure.resize(64 + 4 + point_bytes, 0x22);
  return structure;
}

Bytes message(unsigned char type, const Bytes& body) {
  Bytes bytes{type, 0, static_cast<unsigned char>(body.size() >> 8U),
              static_cast<unsigned char>(body.size() & 0xffU)};
  bytes.insert(bytes.end(), body.begin(), body.end());
  return bytes;
}

Bytes hello(unsigned char minor = 3) {
  Bytes body(40, 0x33);
  body[0] = 3;
  body[1] = minor;
  return body;
}

// A list of one certificate.
Bytes certificates(const Bytes& der) {
  const auto length = [](std::size_t size) {
    return Bytes{0, static_cast<unsigned char>(size >> 8U), static_cast<unsigned char>(size)};
  };
  Bytes body = length(der.size() + 3);
  const Bytes own = length(der.size());
  body.insert(body.end(), own.begin(), own.end());
  body.insert(body.end(), der.begin(), der.end());
  return body;
}

struct Said {
  unsigned char type;
  Bytes body;
};

std::vector<Said> client_handshake() {
  return {{1, hello()}, {2, hello()}, {11, certificates({7, 7})}, {12, {1}},
          {13, {2}},    {14, {}},     {11, certificates({8, 9})}, {16, {3, 4}}};
}

Bytes join(const std::vector<Said>& all) {
  Bytes bytes;
  for (const Said& said : all) {
    const Bytes one = message(said.type, said.body);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  return bytes;
}

struct Form {
  const char* name;
  TlsSide side;
  Bytes structure;
  bool is_good;
};

std::vector<Form> forms() {
  auto stapled = client_handshake();
  stapled.insert(stapled.begin() + 3, {22, {1, 2}});
  auto early = client_handshake();
  early.pop_back();
  auto late = client_handshake();
  late.push_back({15, {1}});
  auto swapped = client_handshake();
  std::swap(swapped[3], swapped[4]);
  auto old = client_handshake();
  old[1].body = hello(2);
  auto shows_nothing = client_handshake();
  shows_nothing[6].body = {0, 0, 0};
  Bytes cut = join(client_handshake());
  cut.pop_back();
  Bytes wrong_pad = verify_13("server", 32);
  wrong_pad[63] = 0;
  Bytes explicit_curve = exchange(29, 32, 9);
  explicit_curve[64] = 1;
  Bytes longer = exchange(29, 32, 9);
  longer.push_back(0);
  return {{"Server13Sha256", TlsSide::server, verify_13("server", 32), true},
          {"Server13Sha384", TlsSide::server, verify_13("server", 48), true},
          {"Client13", TlsSide::client, verify_13("client", 32), true},
          {"X25519", TlsSide::server, exchange(29, 32, 9), true},
          {"P256", TlsSide::server, exchange(23, 65, 4), true},
          {"P384", TlsSide::server, exchange(24, 97, 4), true},
          {"Client12", TlsSide::client, join(client_handshake()), true},
          {"Client12Stapled", TlsSide::client, join(stapled), true},
          {"Server13Sha512", TlsSide::server, verify_13("server", 64), false},
          {"Server13NoHash", TlsSide::server, verify_13("server", 0), false},
          {"ClientsContextOfAServer", TlsSide::server, verify_13("client", 32), false},
          {"ServersContextOfAClient", TlsSide::client, verify_13("server", 32), false},
          {"WrongPadding", TlsSide::server, wrong_pad, false},
          {"CompressedPoint", TlsSide::server, exchange(23, 33, 2), false},
          {"PointOfAnotherGroup", TlsSide::server, exchange(23, 97, 4), false},
          {"FiniteField", TlsSide::server, exchange(0, 32, 9), false},
          {"ExplicitCurve", TlsSide::server, explicit_curve, false},
          {"LongerThanItsPoint", TlsSide::server, longer, false},
          {"ExchangeOfAClient", TlsSide::client, exchange(29, 32, 9), false},
          {"TranscriptOfAServer", TlsSide::server, join(client_handshake()), false},
          {"TranscriptTooEarly", TlsSide::client, join(early), false},
          {"TranscriptTooLate", TlsSide::client, join(late), false},
          {"TranscriptOutOfOrder", TlsSide::client, join(swapped), false},
          {"TranscriptOfTls11", TlsSide::client, join(old), false},
          {"TranscriptWithoutCertificate", TlsSide::client, join(shows_nothing), false},
          {"TranscriptCut", TlsSide::client, cut, false},
          {"Nothing", TlsSide::server, {}, false},
          {"SomeText", TlsSide::server, bytes_of("pay mallory 100"), false},
          {"ADigest", TlsSide::server, Bytes(32, 0xab), false}};
}

// What is built of the parts is what was taken apart, byte for byte.
TEST(SignedStructure, OnlyWhatTlsSignsIsTakenApart) {
  for (const Form& form : forms()) {
    auto request = read_structure(form.structure, form.side);
    EXPECT_EQ(request.has_value(), form.is_good) << form.name;
    if (!request) continue;
    request->key = {.name = "k", .spki = some(32)};
    EXPECT_EQ(request->flaw(), "") << form.name;
    const auto built = build_structure(*request);
    ASSERT_TRUE(built) << form.name << ": " << built.error().message;
    EXPECT_EQ(*built, form.structure) << form.name;
  }
}

TEST(SignedStructure, TheCertificateShownIsTheClients) {
  const Bytes transcript = join(client_handshake());
  const auto shown = certificate_shown(transcript);
  EXPECT_EQ(Bytes(shown.begin(), shown.end()), (Bytes{8, 9}));
}

TEST(SignedStructure, PartsNoHandshakeHasAreRefused) {
  SignRequest request{.key = {.name = "k", .spki = some(32)},
                      .tls_version = TlsVersion::tls1_2,
                      .side = TlsSide::server,
                      .client_random = some(32),
                      .server_random = some(32),
                      .group = 29,
                      .point = some(32)};
  EXPECT_TRUE(build_structure(request));
  request.group = 23;
  EXPECT_EQ(build_structure(request).error().message, "the group 23 has no such point");
  request.point = some(65);
  EXPECT_FALSE(build_structure(request));
  request.point.front() = std::byte{4};
  EXPECT_TRUE(build_structure(request));
  SignRequest client{.key = request.key,
                     .tls_version = TlsVersion::tls1_2,
                     .side = TlsSide::client,
                     .transcript = some(80)};
  EXPECT_EQ(build_structure(client).error().code, base::Errc::denied);
}

// The randoms of TLS 1.2 are whoever's who asks; what follows them is not.
TEST(SignedStructure, NoExchangeOfTls12LooksLikeTls13) {
  const std::string wanted = std::string(64, ' ') + "TLS 1.3, server CertificateVerify";
  SignRequest request{.tls_version = TlsVersion::tls1_2,
                      .client_random = messages::Bytes(32, std::byte{' '}),
                      .server_random = messages::Bytes(32, std::byte{' '})};
  for (const auto& [group, bytes, first] :
       {std::tuple(29, 32, 118), std::tuple(23, 65, 4), std::tuple(24, 97, 4)}) {
    request.group = static_cast<std::uint16_t>(group);
    request.point = some(static_cast<std::size_t>(bytes), static_cast<unsigned char>(first));
    const auto built = build_structure(request);
    ASSERT_TRUE(built);
    EXPECT_NE((*built)[64], static_cast<unsigned char>(wanted[64]));
  }
}

}  // namespace
}  // namespace ravelin::certs
