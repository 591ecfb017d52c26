// The names nft gives to numbers, as tables. Pure; any thread.
#pragma once

#include "firewall/ruleset/field.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace ravelin::firewall::nft {

struct Named {
  std::uint32_t number;
  std::string_view name;
};

// What the values of a field are called; for fields of bits, what each bit is called, lowest first.
// Empty: its values have no names.
std::span<const Named> names_of(Field field);

// Of these, the name of `number`; empty when it has none.
std::string_view find_name(std::span<const Named> names, std::uint64_t number);

}  // namespace ravelin::firewall::nft
