#include "gateway/upstream/sticky_cookies.h"

#include "certs/secret_file.h"

#include <fmt/format.h>

namespace ravelin::gateway {
namespace {

std::string_view same_site_text(SameSite same_site) {
  switch (same_site) {
    case SameSite::lax:
      return "Lax";
    case SameSite::strict:
      return "Strict";
    case SameSite::none:
      return "None";
  }
  return "Lax";
}

// RFC 6265 section 4.1.2; SameSite as in its successor's draft.
std::string attributes(const StickyConfig& config) {
  std::string text = "; Path=/";
  if (config.ttl) text += fmt::format("; Max-Age={}", config.ttl->count());
  if (config.secure) text += "; Secure";
  if (config.http_only) text += "; HttpOnly";
  return text + fmt::format("; SameSite={}", same_site_text(config.same_site));
}

}  // namespace

StickyCookies::StickyCookies(const StickyConfig& config, std::string_view secret,
                             std::string_view pool, std::span<const std::string_view> servers)
    : name_(config.cookie) {
  const std::string rest = attributes(config);
  for (const std::string_view server : servers) {
    // Names hold no slash, so that no two pools and servers have one text.
    tags_.push_back(certs::keyed_tag(secret, fmt::format("sticky {}/{}", pool, server)));
    lines_.push_back(fmt::format("{}={}{}", name_, tags_.back(), rest));
  }
  for (std::size_t i = 0; i < tags_.size(); ++i)
    by_tag_.emplace(tags_[i], i);
}

std::optional<std::size_t> StickyCookies::find(std::string_view value) const {
  const auto found = by_tag_.find(value);
  if (found == by_tag_.end()) return std::nullopt;
  return found->second;
}

}  // namespace ravelin::gateway
