// A policy with all it was made from: the texts of its files, the facts it was resolved with, the
// moment it was judged at. Reading a bundle again gives the same policy, wherever the files have
// gone: what a revision keeps and a rollback goes back to. Values; no disk.
#pragma once

#include "base/io/yaml_bundle.h"
#include "policies/model/facts.h"

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::firewall {

using base::Result;

struct PolicyBundle : base::yaml::FileBundle {
  policies::Facts facts;
  std::chrono::sys_seconds judged_at{};

  [[nodiscard]] std::string hash() const;  // of texts and facts: sixteen hexadecimal digits
};

inline constexpr std::size_t kBundleBytesMax = 64 * 1024 * 1024;

std::string format_bundle(const PolicyBundle& bundle);  // JSON
Result<PolicyBundle> parse_bundle(std::string_view text);

}  // namespace ravelin::firewall
