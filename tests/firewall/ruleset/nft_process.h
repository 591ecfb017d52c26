// Runs Debian's nft in a network namespace that ends with it. For tests of label kernel.
#pragma once

#include <string>

namespace ravelin::firewall {

// What in_namespace says when it may not make one: such a test fails and asks for `sudo`.
inline constexpr const char* kNoNamespace = "no namespace";

// All that a shell script prints in a network namespace of its own, errors included.
std::string in_namespace(const std::string& script);

// The shell's words for a batch of nft's.
std::string nft_batch(const std::string& text);

}  // namespace ravelin::firewall
