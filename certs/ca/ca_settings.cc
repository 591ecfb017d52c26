#include "certs/ca/ca_settings.h"

#include "base/text.h"

#include <boost/json.hpp>

#include <algorithm>

namespace ravelin::certs {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;

constexpr std::int64_t kVersion = 1;

}  // namespace

Result<> check_settings(const CaSettings& settings) {
  const bool is_plain = std::ranges::all_of(
      settings.name, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7F; });
  if (settings.name.empty() || settings.name.size() > kCaNameMax || !is_plain)
    return fail(Errc::invalid, "the name of a CA has 1 to {} bytes and no control characters",
                kCaNameMax);
  if (settings.leaf_lifetime < kLeafLifetimeMin || settings.leaf_lifetime > kLeafLifetimeMax)
    return fail(Errc::invalid, "certificates that live {} ({} to {})",
                base::format_duration(settings.leaf_lifetime),
                base::format_duration(kLeafLifetimeMin), base::format_duration(kLeafLifetimeMax));
  return {};
}

std::string format_settings(const CaSettings& settings) {
  json::object object;
  object["version"] = kVersion;
  object["name"] = settings.name;
  object["leaf_lifetime_seconds"] = settings.leaf_lifetime.count();
  return json::serialize(object) + "\n";
}

Result<CaSettings> parse_settings(std::string_view text, std::string_view file) {
  boost::system::error_code error;
  const json::value root = json::parse({text.data(), text.size()}, error);
  const json::object* object = error ? nullptr : root.if_object();
  if (object == nullptr) return fail(Errc::invalid, "{}: not a JSON object", file);
  const json::value* version = object->if_contains("version");
  const json::value* name = object->if_contains("name");
  const json::value* lifetime = object->if_contains("leaf_lifetime_seconds");
  if (version == nullptr || !version->is_int64() || version->get_int64() != kVersion)
    return fail(Errc::invalid, "{}: version: only {} is known", file, kVersion);
  if (name == nullptr || !name->is_string() || lifetime == nullptr || !lifetime->is_int64())
    return fail(Errc::invalid, "{}: lacks name or leaf_lifetime_seconds", file);
  CaSettings settings{std::string(name->get_string()), std::chrono::seconds(lifetime->get_int64())};
  if (auto checked = check_settings(settings); !checked)
    return base::wrap(checked.error(), std::string(file));
  return settings;
}

}  // namespace ravelin::certs
