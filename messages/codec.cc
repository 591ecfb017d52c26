#include "messages/codec.h"

#include "messages/decoder.h"
#include "messages/encoder.h"

#include <array>

namespace ravelin::messages {
namespace {

using base::Errc;

constexpr std::array kMagic{std::byte{'R'}, std::byte{'V'}, std::byte{'L'}, std::byte{'N'}};

template <class T>
std::string_view flaw_in(const T& message) {
  if constexpr (requires { message.flaw(); })
    return message.flaw();
  else
    return "";
}

template <class T>
base::Result<Message> decode_fields(std::span<const std::byte> bytes) {
  T message;
  Decoder decoder(bytes);
  T::visit_fields(message, decoder);
  if (!decoder.fault().empty())
    return base::fail(Errc::protocol, "{}: {}", T::kName, decoder.fault());
  if (decoder.left() != 0)
    return base::fail(Errc::protocol, "{}: {} bytes behind the last field", T::kName,
                      decoder.left());
  if (const auto flaw = flaw_in(message); !flaw.empty())
    return base::fail(Errc::protocol, "{}: {}", T::kName, flaw);
  return Message(std::move(message));
}

template <std::size_t Count>
constexpr bool are_distinct(const std::array<std::uint16_t, Count>& types) {
  for (std::size_t i = 0; i < Count; ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (types[i] == types[j]) return false;
    }
  }
  return true;
}

// The decoder of each alternative of Message, found by its kType.
template <std::size_t... Index>
base::Result<Message> decode_typed(std::uint16_t type, std::span<const std::byte> bytes,
                                   std::index_sequence<Index...>) {
  constexpr std::array<std::uint16_t, sizeof...(Index)> kTypes{
      std::variant_alternative_t<Index, Message>::kType...};
  static_assert(are_distinct(kTypes), "two messages have the same kType");
  using Decode = base::Result<Message> (*)(std::span<const std::byte>);
  constexpr std::array<Decode, sizeof...(Index)> kDecoders{
      decode_fields<std::variant_alternative_t<Index, Message>>...};
  for (std::size_t i = 0; i < kTypes.size(); ++i) {
    if (kTypes[i] == type) return kDecoders[i](bytes);
  }
  return base::fail(Errc::protocol, "message of unknown type {}", type);
}

struct Header {
  std::uint16_t type = 0;
  std::uint32_t id = 0;
  std::uint16_t descriptors = 0;
};

base::Result<Header> decode_header(std::span<const std::byte> bytes) {
  if (bytes.size() < kHeaderBytes)
    return base::fail(Errc::protocol, "message of {} bytes is shorter than its header ({})",
                      bytes.size(), kHeaderBytes);
  if (!std::ranges::equal(bytes.first(kMagic.size()), kMagic))
    return base::fail(Errc::protocol, "not a Ravelin message");
  Decoder decoder(bytes.subspan(kMagic.size()));
  std::uint8_t version = 0;
  std::uint8_t flags = 0;
  std::uint16_t length = 0;
  Header header;
  decoder.get(version);
  decoder.get(flags);
  decoder.get(header.type);
  decoder.get(header.id);
  decoder.get(header.descriptors);
  decoder.get(length);
  if (version != kFormatVersion)
    return base::fail(Errc::protocol, "message of format version {}, this program speaks {}",
                      version, kFormatVersion);
  if (flags != 0) return base::fail(Errc::protocol, "message with unknown flags {:#04x}", flags);
  if (header.descriptors > kDescriptorsMax)
    return base::fail(Errc::protocol, "message with {} descriptors, at most {} are allowed",
                      header.descriptors, kDescriptorsMax);
  if (length != bytes.size() - kHeaderBytes)
    return base::fail(Errc::protocol, "message says {} bytes follow its header, {} do", length,
                      bytes.size() - kHeaderBytes);
  return header;
}

}  // namespace

base::Result<std::vector<std::byte>> encode(const Packet& packet) {
  return std::visit(
      [&packet]<class T>(const T& message) -> base::Result<std::vector<std::byte>> {
        if (const auto flaw = flaw_in(message); !flaw.empty())
          return base::fail(Errc::invalid, "{}: {}", T::kName, flaw);
        if (packet.descriptors > kDescriptorsMax)
          return base::fail(Errc::invalid, "{}: {} descriptors, at most {} are allowed", T::kName,
                            packet.descriptors, kDescriptorsMax);
        std::vector<std::byte> out(kMagic.begin(), kMagic.end());
        Encoder encoder(out);
        encoder.put(kFormatVersion);
        encoder.put(std::uint8_t{0});
        encoder.put(T::kType);
        encoder.put(packet.id);
        encoder.put(packet.descriptors);
        encoder.put(std::uint16_t{0});
        T::visit_fields(message, encoder);
        if (!encoder.fault().empty())
          return base::fail(Errc::invalid, "{}: {}", T::kName, encoder.fault());
        if (out.size() > kMessageBytesMax)
          return base::fail(Errc::invalid, "{}: {} bytes, at most {} are allowed", T::kName,
                            out.size(), kMessageBytesMax);
        const std::size_t length = out.size() - kHeaderBytes;
        out[kHeaderBytes - 2] = static_cast<std::byte>(length);
        out[kHeaderBytes - 1] = static_cast<std::byte>(length >> 8);
        return out;
      },
      packet.message);
}

base::Result<Packet> decode(std::span<const std::byte> bytes, std::size_t descriptors_received) {
  const auto header = decode_header(bytes);
  if (!header) return header.error();
  if (header->descriptors != descriptors_received)
    return base::fail(Errc::protocol, "message says {} descriptors go with it, {} came",
                      header->descriptors, descriptors_received);
  auto message = decode_typed(header->type, bytes.subspan(kHeaderBytes),
                              std::make_index_sequence<std::variant_size_v<Message>>{});
  if (!message) return message.error();
  return Packet{
      .id = header->id, .descriptors = header->descriptors, .message = std::move(*message)};
}

}  // namespace ravelin::messages
