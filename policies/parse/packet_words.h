// A packet that somebody writes down beside a policy, with its names: what a question is about.
// Pure; any thread.
#pragma once

#include "policies/parse/parse.h"

#include <span>
#include <string>

namespace ravelin::policies {

// `in`, `out`, `from`, `to` or `service`, as in a test, and what it says.
struct PacketWord {
  std::string key, value;
  int column = 1;  // where it stands in what was written, for findings

  friend bool operator==(const PacketWord&, const PacketWord&) = default;
};

inline constexpr const char* kPacketName = "packet";  // the file findings of it name

// What a test with these words would be about: of `packet` it must be a whole one. Findings of the
// words alone are in `diagnostics`; with errors the result must not be used. The policy is one that
// parses.
TestPacket read_packet(std::span<const PacketWord> words, PolicyTest::Kind kind,
                       const std::string& policy_path, base::yaml::Loader& loader,
                       const Facts& facts, base::Diagnostics& diagnostics,
                       const LoadOptions& options = {});

}  // namespace ravelin::policies
