// The closed lists of words in messages. They travel as one byte, so values are only ever added, in
// front of count_. Pure; any thread.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace ravelin::messages {

enum class Role : std::uint8_t { supervisor, gateway, keys, firewall, certs, command, count_ };
enum class Protocol : std::uint8_t { http, https, tcp, tls, mysql, count_ };
enum class Outcome : std::uint8_t { done, refused, failed, count_ };
enum class TlsVersion : std::uint8_t { tls1_2, tls1_3, count_ };
enum class TlsSide : std::uint8_t { server, client, count_ };
enum class KeyPlace : std::uint8_t { configured, store, count_ };
enum class KeySlot : std::uint8_t { only, ec, rsa, count_ };
enum class PathUse : std::uint8_t { read, write, execute, load, count_ };
enum class Flag : std::uint8_t { no, yes, count_ };
enum class TlsVersions : std::uint8_t { only_1_2, only_1_3, both, count_ };
enum class Need : std::uint8_t { required, where_possible, count_ };
enum class Condition : std::uint8_t {
  starting,
  ready,
  degraded,
  draining,
  failed,
  reloading,
  count_
};

template <class Enum>
using Words = std::array<std::string_view, static_cast<std::size_t>(Enum::count_)>;

template <class Enum>
inline constexpr Words<Enum> kWords;

template <>
inline constexpr Words<Role> kWords<Role>{"supervisor", "gateway", "keys",
                                          "firewall",   "certs",   "command"};
template <>
inline constexpr Words<Protocol> kWords<Protocol>{"http", "https", "tcp", "tls", "mysql"};
template <>
inline constexpr Words<Outcome> kWords<Outcome>{"done", "refused", "failed"};
template <>
inline constexpr Words<TlsVersion> kWords<TlsVersion>{"1.2", "1.3"};
template <>
inline constexpr Words<TlsSide> kWords<TlsSide>{"server", "client"};
template <>
inline constexpr Words<KeyPlace> kWords<KeyPlace>{"configured", "store"};
template <>
inline constexpr Words<KeySlot> kWords<KeySlot>{"only", "ec", "rsa"};
template <>
inline constexpr Words<PathUse> kWords<PathUse>{"read", "write", "execute", "load"};
template <>
inline constexpr Words<Flag> kWords<Flag>{"no", "yes"};
template <>
inline constexpr Words<TlsVersions> kWords<TlsVersions>{"1.2", "1.3", "1.2+1.3"};
template <>
inline constexpr Words<Need> kWords<Need>{"required", "where_possible"};
template <>
inline constexpr Words<Condition> kWords<Condition>{"starting", "ready",  "degraded",
                                                    "draining", "failed", "reloading"};

constexpr Flag flag_of(bool is_so) {
  return is_so ? Flag::yes : Flag::no;
}

template <class Enum>
constexpr std::string_view word_of(Enum value) {
  return kWords<Enum>[static_cast<std::size_t>(value)];
}

}  // namespace ravelin::messages
