#include "certs/store/want.h"

#include "certs/store/json_members.h"

namespace ravelin::certs {

namespace json = boost::json;

std::string format_want(const Want& want) {
  json::object object;
  object["names"] = json::array(want.names.begin(), want.names.end());
  object["issuers"] = json::array(want.issuers.begin(), want.issuers.end());
  object["keys"] = json::array(want.keys.begin(), want.keys.end());
  object["profile"] = want.profile;
  object["pins_key"] = want.pins_key;
  return json::serialize(object) + "\n";
}

Result<Want> parse_want(std::string_view text) {
  auto members = JsonMembers::parse(text, "what is wanted of a certificate");
  if (!members) return members.error();
  Want want;
  want.names = members->texts("names");
  want.issuers = members->texts("issuers");
  want.keys = members->texts("keys");
  want.profile = members->text("profile");
  want.pins_key = members->flag("pins_key");
  if (auto whole = members->whole(); !whole) return whole.error();
  if (want.names.empty())
    return base::fail(base::Errc::invalid, "what is wanted of a certificate has no names");
  return want;
}

}  // namespace ravelin::certs
