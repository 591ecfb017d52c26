// Values of fields in nft's words: addresses, names of protocols and types, marks, times of day.
// As nft 1.0.6 prints them on a system that has Debian's /etc/protocols. Pure; any thread.
#pragma once

#include "firewall/ruleset/statement.h"

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace ravelin::firewall::nft {

using ByteView = std::span<const std::uint8_t>;

// `numbers` is how nft prints the ends of ranges: without names of protocols, types and days.
enum class Words { names, numbers };

// One value as it stands in a register: `10.0.0.1`, `"eth0"`, `tcp`, `0x00000001`. Bits of a state
// are joined by " | ".
std::string value_text(Field field, ByteView value, Words words = Words::names);

// first-last, or the prefix that a range of addresses is, or the pattern that one of names is.
std::string range_text(Field field, ByteView first, ByteView last);

// ct state, ct status, tcp flags: fields whose value is a set of bits.
bool has_bits(Field field);
std::uint64_t number_of(Field field, ByteView value);  // in the field's byte order
std::string bits_text(Field field, std::uint64_t bits, std::string_view separator);

// "eth*" from its first `bytes` bytes.
std::string pattern_text(ByteView value, std::size_t bytes);

// Addresses: the mask of so many bits, as an address.
std::string mask_text(Field field, std::uint8_t bits);

// "1h30m", "500ms", "0s".
std::string time_text(std::chrono::milliseconds time);

// "tcp" for the protocols whose ports nft names so, else "th".
std::string_view port_prefix(std::uint8_t protocol);

bool is_address(Field field);
bool is_interface(Field field);

}  // namespace ravelin::firewall::nft
