// Decoder: the visitor that reads the fields of a message, trusting nothing. Internal to the codec;
// pure.
#pragma once

#include "messages/address_rules.h"
#include "messages/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <concepts>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ravelin::messages {

// After the first field that breaks a rule nothing more is read; fault() says which. Never reserves
// more memory than the bytes at hand can fill.
class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) : rest_(bytes) {}

  template <class T>
  void operator()(std::string_view name, T& field) {
    (*this)(name, field, AtMost{std::numeric_limits<std::uint16_t>::max()});
  }

  template <class T>
  void operator()(std::string_view name, T& field, AtMost limit) {
    field_ = name;
    limit_ = limit.count;
    if (fault_.empty()) get(field);
  }

  [[nodiscard]] const std::string& fault() const { return fault_; }

  [[nodiscard]] std::size_t left() const { return rest_.size(); }

  template <std::unsigned_integral T>
  void get(T& value) {
    value = 0;
    const auto bytes = take(sizeof(T));
    for (std::size_t i = 0; i < bytes.size(); ++i)
      value = static_cast<T>(value | std::to_integer<std::uint64_t>(bytes[i]) << (8 * i));
  }

 private:
  template <class Enum>
  requires std::is_enum_v<Enum>

  void get(Enum& value) {
    std::uint8_t number = 0;
    get(number);
    if (number >= static_cast<std::uint8_t>(Enum::count_))
      return fail("is not one of the known values");
    value = static_cast<Enum>(number);
  }

  void get(std::chrono::seconds& value) {
    std::uint32_t count = 0;
    get(count);
    value = std::chrono::seconds(count);
  }

  void get(std::string& text) {
    const auto bytes = take(get_count());
    text.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  void get(Bytes& out) {
    const auto bytes = take(get_count());
    out.assign(bytes.begin(), bytes.end());
  }

  template <class T>
  void get(std::vector<T>& list) {
    const std::size_t count = get_count();
    list.reserve(std::min(count, rest_.size()));
    while (fault_.empty() && list.size() < count)
      get(list.emplace_back());
  }

  std::size_t get_count() {
    std::uint16_t count = 0;
    get(count);
    if (count <= limit_) return count;
    fail(fmt::format("{} is more than {}", count, limit_));
    return 0;
  }

  void get_address(base::IpAddress& address) {
    std::uint8_t family = 0;
    get(family);
    if (family != 4 && family != 6) return fail("is neither an IPv4 nor an IPv6 address");
    address.family = family == 4 ? base::Family::ipv4 : base::Family::ipv6;
    std::ranges::transform(take(family == 4 ? 4 : 16), address.bytes.begin(),
                           [](std::byte byte) { return std::to_integer<std::uint8_t>(byte); });
  }

  void get(base::IpPrefix& prefix) {
    get_address(prefix.address);
    std::uint8_t length = 0;
    get(length);
    prefix.length = length;
    if (const auto flaw = flaw_of(prefix); !flaw.empty()) fail(std::string(flaw));
  }

  void get(base::Endpoint& endpoint) {
    std::uint8_t kind = 0;
    get(kind);
    if (kind == 0) {
      auto& ip = endpoint.emplace<base::IpEndpoint>();
      get_address(ip.address);
      get(ip.port);
    } else if (kind == 1) {
      auto& name = endpoint.emplace<base::NameEndpoint>();
      get(name.name);
      get(name.port);
    } else if (kind == 2) {
      get(endpoint.emplace<base::UnixEndpoint>().path);
    } else {
      return fail("is not a known kind of endpoint");
    }
    if (const auto flaw = flaw_of(endpoint); !flaw.empty()) fail(std::string(flaw));
  }

  // Empty, and a fault, when there are not as many.
  std::span<const std::byte> take(std::size_t count) {
    if (count > rest_.size()) {
      fail("is cut off");
      rest_ = {};
      return {};
    }
    const auto taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }

  void fail(std::string why) {
    if (fault_.empty()) fault_ = fmt::format("{}: {}", field_, why);
  }

  std::span<const std::byte> rest_;
  std::size_t limit_ = 0;  // of the field being read
  std::string_view field_;
  std::string fault_;
};

}  // namespace ravelin::messages
