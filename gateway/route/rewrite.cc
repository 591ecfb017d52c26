#include "gateway/route/rewrite.h"

#include <algorithm>

namespace ravelin::gateway {
namespace {

std::string_view without_last_slash(std::string_view path) {
  return path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

}  // namespace

std::optional<std::string_view> rewrite_path(const RewriteRule& rule, const RouteMatch& match,
                                             std::string_view path, std::span<char> scratch) {
  if (rule.kind == RewriteRule::Kind::path) return rule.path;
  // The rest is empty or begins with a slash: the route matched at a segment border.
  const std::string_view rest = path.substr(without_last_slash(match.path).size());
  if (rest.empty()) return rule.path;
  const std::string_view front = without_last_slash(rule.path);
  if (front.size() + rest.size() > scratch.size()) return std::nullopt;
  std::ranges::copy(rest, std::ranges::copy(front, scratch.begin()).out);
  return std::string_view(scratch.data(), front.size() + rest.size());
}

}  // namespace ravelin::gateway
