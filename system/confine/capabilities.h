// Sets of capabilities as values, and their names. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::system {

std::uint64_t capability_set(const std::vector<unsigned>& capabilities);

// "net_bind_service net_admin", "none"; one without a name here by its number.
std::string capability_words(std::uint64_t set);

}  // namespace ravelin::system
