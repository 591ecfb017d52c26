// The process's descriptors, as the kernel tells; nothing where it does not. Reads /proc: for the
// control thread.
#pragma once

#include <cstdint>
#include <optional>

namespace ravelin::gateway {

// One by one: the more there are the longer it takes.
std::optional<std::uint64_t> list_descriptors();

// How many there may be (RLIMIT_NOFILE).
std::optional<std::uint64_t> descriptor_limit();

}  // namespace ravelin::gateway
