// Encoder: the visitor that writes the fields of a message. Internal to the codec; pure.
#pragma once

#include "messages/address_rules.h"
#include "messages/message.h"

#include <fmt/format.h>

#include <concepts>
#include <limits>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ravelin::messages {

// After the first field that breaks a rule nothing more is written; fault() says which.
class Encoder {
 public:
  explicit Encoder(std::vector<std::byte>& out) : out_(out) {}

  // Texts, byte strings and lists name their limit.
  template <class T>

  requires(!requires(const T& sized) { sized.size(); }) void operator()(std::string_view name,
                                                                        const T& field) {
    field_ = name;
    put(field);
  }

  template <class T>
  void operator()(std::string_view name, const T& field, AtMost limit) {
    field_ = name;
    if (field.size() > limit.count)
      return fail(fmt::format("{} is more than {}", field.size(), limit.count));
    put(field);
  }

  [[nodiscard]] const std::string& fault() const { return fault_; }

  template <std::unsigned_integral T>
  void put(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i)
      out_.push_back(static_cast<std::byte>(std::uint64_t{value} >> (8 * i)));
  }

 private:
  template <class Enum>
  requires std::is_enum_v<Enum>

  void put(Enum value) {
    if (value >= Enum::count_) return fail("is not one of the known values");
    put(static_cast<std::uint8_t>(value));
  }

  void put(std::chrono::seconds value) {
    if (value.count() < 0 || value.count() > std::numeric_limits<std::uint32_t>::max())
      return fail("is not between 0 and 4294967295 seconds");
    put(static_cast<std::uint32_t>(value.count()));
  }

  void put(const std::string& text) {
    put(static_cast<std::uint16_t>(text.size()));
    for (const char c : text)
      out_.push_back(static_cast<std::byte>(c));
  }

  void put(const Bytes& bytes) {
    put(static_cast<std::uint16_t>(bytes.size()));
    out_.insert(out_.end(), bytes.begin(), bytes.end());
  }

  template <class T>
  void put(const std::vector<T>& list) {
    put(static_cast<std::uint16_t>(list.size()));
    for (const T& entry : list)
      put(entry);
  }

  void put_address(const base::IpAddress& address) {
    const bool is_ipv4 = address.family == base::Family::ipv4;
    put(static_cast<std::uint8_t>(is_ipv4 ? 4 : 6));
    for (std::size_t i = 0; i < (is_ipv4 ? 4U : 16U); ++i)
      put(address.bytes[i]);
  }

  void put(const base::IpPrefix& prefix) {
    if (const auto flaw = flaw_of(prefix); !flaw.empty()) return fail(std::string(flaw));
    put_address(prefix.address);
    put(static_cast<std::uint8_t>(prefix.length));
  }

  void put(const base::Endpoint& endpoint) {
    if (const auto flaw = flaw_of(endpoint); !flaw.empty()) return fail(std::string(flaw));
    put(static_cast<std::uint8_t>(endpoint.index()));
    if (const auto* ip = std::get_if<base::IpEndpoint>(&endpoint)) {
      put_address(ip->address);
      put(ip->port);
    } else if (const auto* name = std::get_if<base::NameEndpoint>(&endpoint)) {
      put(name->name);
      put(name->port);
    } else {
      put(std::get<base::UnixEndpoint>(endpoint).path);
    }
  }

  void fail(std::string why) {
    if (fault_.empty()) fault_ = fmt::format("{}: {}", field_, why);
  }

  std::vector<std::byte>& out_;
  std::string_view field_;
  std::string fault_;
};

}  // namespace ravelin::messages
