#include "certs/signing/signed_structure.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace ravelin::certs {
namespace {

using base::Errc;
using base::fail;
using messages::SignRequest;
using messages::TlsSide;
using messages::TlsVersion;
using Bytes = std::span<const unsigned char>;

// RFC 8446 section 4.4.3.
constexpr std::size_t kPadding = 64;
constexpr unsigned char kPad = 0x20;
constexpr std::string_view kServerContext{"TLS 1.3, server CertificateVerify\0", 34};
constexpr std::string_view kClientContext{"TLS 1.3, client CertificateVerify\0", 34};

// RFC 5246 section 7.4.3, RFC 8422 section 5.4: two randoms, then the type of curve, the group, and
// the point with its length.
constexpr std::size_t kRandom = 32;
constexpr std::size_t kPointAt = 2 * kRandom + 4;
constexpr unsigned char kNamedCurve = 3;

struct Group {
  std::uint16_t number;
  std::size_t point_bytes;
  bool is_uncompressed;  // its first byte is then 4
};

constexpr std::array<Group, 5> kGroups{
    {{23, 65, true}, {24, 97, true}, {25, 133, true}, {29, 32, false}, {30, 56, false}}};

std::string_view context_of(TlsSide side) {
  return side == TlsSide::client ? kClientContext : kServerContext;
}

messages::Bytes copy(Bytes bytes) {
  const auto view = std::as_bytes(bytes);
  return {view.begin(), view.end()};
}

void append(std::vector<unsigned char>& out, const messages::Bytes& bytes) {
  for (const std::byte byte : bytes)
    out.push_back(std::to_integer<unsigned char>(byte));
}

bool is_point_of(std::uint16_t group, const messages::Bytes& point) {
  const auto* known = std::ranges::find(kGroups, group, &Group::number);
  return known != kGroups.end() && point.size() == known->point_bytes &&
         (!known->is_uncompressed || point.front() == std::byte{4});
}

std::optional<SignRequest> read_13(Bytes structure, TlsSide side) {
  const std::string_view context = context_of(side);
  if (structure.size() < kPadding + context.size()) return std::nullopt;
  const Bytes padding = structure.first(kPadding);
  const Bytes said = structure.subspan(kPadding, context.size());
  const Bytes hash = structure.subspan(kPadding + context.size());
  const bool is_13 = std::ranges::all_of(padding, [](auto byte) { return byte == kPad; }) &&
                     std::ranges::equal(said, context, [](unsigned char byte, char c) {
                       return byte == static_cast<unsigned char>(c);
                     });
  if (!is_13 || (hash.size() != 32 && hash.size() != 48)) return std::nullopt;
  SignRequest request;
  request.tls_version = TlsVersion::tls1_3;
  request.side = side;
  request.transcript_hash = copy(hash);
  return request;
}

std::optional<SignRequest> read_exchange(Bytes structure) {
  if (structure.size() <= kPointAt || structure[2 * kRandom] != kNamedCurve ||
      structure[kPointAt - 1] != structure.size() - kPointAt)
    return std::nullopt;
  SignRequest request;
  request.tls_version = TlsVersion::tls1_2;
  request.side = TlsSide::server;
  request.client_random = copy(structure.first(kRandom));
  request.server_random = copy(structure.subspan(kRandom, kRandom));
  request.group =
      static_cast<std::uint16_t>(structure[2 * kRandom + 1] << 8 | structure[2 * kRandom + 2]);
  request.point = copy(structure.subspan(kPointAt));
  if (!is_point_of(request.group, request.point)) return std::nullopt;
  return request;
}

// RFC 5246 section 7.4: the type, then the length in three bytes.
struct HandshakeMessage {
  unsigned type = 0;
  Bytes body;
};

std::size_t length_at(Bytes bytes) {
  return std::size_t{bytes[0]} << 16U | std::size_t{bytes[1]} << 8U | bytes[2];
}

std::optional<HandshakeMessage> next_message(Bytes& rest) {
  constexpr std::size_t kHead = 4;
  if (rest.size() < kHead) return std::nullopt;
  const std::size_t length = length_at(rest.subspan(1));
  if (rest.size() - kHead < length) return std::nullopt;
  const HandshakeMessage found{rest[0], rest.subspan(kHead, length)};
  rest = rest.subspan(kHead + length);
  return found;
}

// The first certificate of a Certificate message.
Bytes first_certificate(Bytes body) {
  constexpr std::size_t kLength = 3;
  if (body.size() < 2 * kLength || length_at(body) != body.size() - kLength) return {};
  const std::size_t length = length_at(body.subspan(kLength));
  if (length == 0 || length > body.size() - 2 * kLength) return {};
  return body.subspan(2 * kLength, length);
}

bool has_version_12(const HandshakeMessage& hello) {
  return hello.body.size() >= 2 + kRandom && hello.body[0] == 3 && hello.body[1] == 3;
}

}  // namespace

Bytes certificate_shown(Bytes transcript) {
  struct Step {
    unsigned type;
    bool may_be_missing;
  };

  // client_hello, server_hello, certificate, certificate_status, server_key_exchange,
  // certificate_request, server_hello_done, certificate, client_key_exchange.
  constexpr std::size_t kServerHello = 1;
  constexpr std::size_t kOurs = 7;
  constexpr std::array<Step, 9> kSteps{{{1, false},
                                        {2, false},
                                        {11, false},
                                        {22, true},
                                        {12, false},
                                        {13, false},
                                        {14, false},
                                        {11, false},
                                        {16, false}}};
  Bytes shown;
  for (std::size_t step = 0; step < kSteps.size(); ++step) {
    Bytes behind = transcript;
    const auto message = next_message(behind);
    if (!message || message->type != kSteps[step].type) {
      if (message && kSteps[step].may_be_missing) continue;
      return {};
    }
    if (step <= kServerHello && !has_version_12(*message)) return {};
    if (step == kOurs) shown = first_certificate(message->body);
    transcript = behind;
  }
  return transcript.empty() ? shown : Bytes();
}

std::optional<SignRequest> read_structure(Bytes structure, TlsSide side) {
  if (auto request = read_13(structure, side); request) return request;
  if (side == TlsSide::server) return read_exchange(structure);
  if (structure.size() > messages::kTranscriptBytes.count || certificate_shown(structure).empty())
    return std::nullopt;
  SignRequest request;
  request.tls_version = TlsVersion::tls1_2;
  request.side = TlsSide::client;
  request.transcript = copy(structure);
  return request;
}

base::Result<std::vector<unsigned char>> build_structure(const SignRequest& request) {
  std::vector<unsigned char> structure;
  if (request.tls_version == TlsVersion::tls1_3) {
    structure.assign(kPadding, kPad);
    const std::string_view context = context_of(request.side);
    structure.insert(structure.end(), context.begin(), context.end());
    append(structure, request.transcript_hash);
    return structure;
  }
  if (request.side == TlsSide::client) {
    append(structure, request.transcript);
    if (certificate_shown(structure).empty())
      return fail(Errc::denied, "what a client of TLS 1.2 signs is no handshake of TLS 1.2");
    return structure;
  }
  if (!is_point_of(request.group, request.point))
    return fail(Errc::denied, "the group {} has no such point", request.group);
  append(structure, request.client_random);
  append(structure, request.server_random);
  structure.push_back(kNamedCurve);
  structure.push_back(static_cast<unsigned char>(request.group >> 8U));
  structure.push_back(static_cast<unsigned char>(request.group & 0xffU));
  structure.push_back(static_cast<unsigned char>(request.point.size()));
  append(structure, request.point);
  return structure;
}

}  // namespace ravelin::certs
