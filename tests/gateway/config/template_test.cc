#include "gateway/config/template.h"

#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

struct Case {
  const char* name;
  const char* text;
  TemplateUse use;
  const char* parts;  // "host|:8443|path"; variables as <word>; "!…" is the error
};

constexpr auto kLocation = TemplateUse::location;
constexpr auto kField = TemplateUse::field;

constexpr Case kCases[] = {
    {"Literal", "https://new.test/", kLocation, "https://new.test/"},
    {"Variables", "https://{host}/x{path}{query}", kLocation, "https://|<host>|/x|<path>|<query>"},
    {"Scheme", "{scheme}", kLocation, "<scheme>"},
    {"EveryWord",
     "{client}{host}{path}{query}{scheme}{method}{request_id}{listener}{route}{pool}{sni}"
     "{tls.version}{tls.cipher}{tls.subject}{user}",
     kField,
     "<client>|<host>|<path>|<query>|<scheme>|<method>|<request_id>|<listener>|<route>|<pool>|"
     "<sni>|<tls.version>|<tls.cipher>|<tls.subject>|<user>"},
    {"DoubledBraces", "{{\"a\": {{}}}}", kField, "{\"a\": {}}"},
    {"DoubledBesideVariable", "{{{route}}}", kField, "{|<route>|}"},
    {"Empty", "", kField, ""},
    {"UnknownInLocation", "/{port}", kLocation,
     "!has \"{port}\" in it; known are {host} {path} {query} {scheme}"},
    {"NotSafeInLocation", "/{client}", kLocation,
     "!has \"{client}\" in it; known are {host} {path} {query} {scheme}"},
    {"DoubledInLocation", "/{{", kLocation,
     "!has \"{{\" in it; known are {host} {path} {query} {scheme}"},
    {"Open", "/{host", kLocation, "!has \"{host\" in it; known are {host} {path} {query} {scheme}"},
    {"Close", "/a}b", kLocation, "!has \"}\" in it; known are {host} {path} {query} {scheme}"},
    {"Nothing", "{}", kLocation, "!has \"{}\" in it; known are {host} {path} {query} {scheme}"},
};

std::string shown(const Template& made) {
  std::string text;
  for (const TemplatePart& part : made.parts) {
    if (!text.empty()) text += '|';
    text += part.is_literal ? part.literal : "<" + std::string(to_string(part.variable)) + ">";
  }
  return text;
}

TEST(Template, IsLiteralsAndKnownVariables) {
  for (const Case& row : kCases) {
    const auto made = parse_template(row.text, row.use);
    EXPECT_EQ(made ? shown(*made) : "!" + made.error().message, row.parts) << row.name;
    if (made) EXPECT_EQ(made->text, row.text) << row.name;
  }
}

TEST(Template, HasALimitOnItsParts) {
  std::string text;
  for (std::size_t i = 0; i < kTemplatePartsMax; ++i)
    text += "{host}";
  EXPECT_TRUE(parse_template(text, kField));
  EXPECT_FALSE(parse_template(text + "{host}", kField));
  EXPECT_FALSE(parse_template("{nothing}", kField));
}

}  // namespace
}  // namespace ravelin::gateway
