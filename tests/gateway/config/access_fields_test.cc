#include "gateway/config/access_fields.h"

#include "gateway/config/show.h"
#include "tests/gateway/config/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace ravelin::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

TEST(AccessFields, EachHasItsOwnName) {
  const std::set<std::string_view> names(kAccessFieldNames.begin(), kAccessFieldNames.end());
  EXPECT_EQ(names.size(), kAccessFieldNames.size());
  EXPECT_EQ(find_access_field("id"), AccessField::id);
  EXPECT_EQ(find_access_field("upstream_reused"), AccessField::upstream_reused);
  EXPECT_EQ(find_access_field("total_us"), AccessField::total_us);
  EXPECT_EQ(find_access_field("time"), std::nullopt);
}

TEST(AccessFields, AreAllThoseNamedOrAllButThoseNamed) {
  EXPECT_TRUE(access_fields({}).has(AccessField::referer));
  const AccessFieldSet some = access_fields({.fields = {"status", "client"}});
  EXPECT_TRUE(some.has(AccessField::status) && some.has(AccessField::client));
  EXPECT_FALSE(some.has(AccessField::path));
  const AccessFieldSet rest = access_fields({.fields_without = {"client"}});
  EXPECT_FALSE(rest.has(AccessField::client));
  EXPECT_TRUE(rest.has(AccessField::path));
}

TEST(AccessSample, KeepsWhatItMustAndTheRestByChance) {
  struct Case {
    const char* name;
    AccessSampleConfig sample;
    AccessFacts facts;
    bool kept;
  };

  const AccessSampleConfig none{.percent = 0};
  const AccessSampleConfig errors{.percent = 0, .always_errors = true};
  const AccessSampleConfig slow{.percent = 0, .slow = 100ms};
  const AccessSampleConfig half{.percent = 50};
  const Case cases[] = {
      {"all", {}, {200, true, 1us, "ffffffff"}, true},
      {"none", none, {200, true, 1us, "00000000"}, false},
      {"errors are kept only where asked", none, {500, false, 1us, "0"}, false},
      {"an error of the server", errors, {503, true, 1us, "0"}, true},
      {"a reason", errors, {400, false, 1us, "0"}, true},
      {"no error", errors, {404, true, 1us, "0"}, false},
      {"slow", slow, {200, true, 100'000us, "0"}, true},
      {"not slow", slow, {200, true, 99'999us, "0"}, false},
      {"the lower half", half, {200, true, 1us, "00000000000000007fffffff"}, true},
      {"the upper half", half, {200, true, 1us, "00000000000000008fffffff"}, false},
  };
  for (const Case& each : cases)
    EXPECT_EQ(is_kept(each.sample, each.facts), each.kept) << each.name;
}

std::string log_config(const std::string& log) {
  return "version: 1\nlog: { " + log +
         " }\nlisteners:\n  - name: web\n    bind: \"127.0.0.1:443\"\n    plaintext: allowed\n    "
         "routes: [{ pool: web }]\npools:\n  - { name: web, servers: [{ address: \"10.0.0.1:80\" "
         "}] }\n";
}

TEST(LogConfig, ReadsBackAsItIsShown) {
  for (const char* log :
       {"sink: journald, socket: /s, fields: [id, status]",
        "fields_without: [referer], sample: { percent: 5, keep_errors: true, keep_slower: 2s }",
        "sample: { percent: 1 }"}) {
    const Checked first = check_text(log_config(log));
    ASSERT_THAT(first.findings, IsEmpty()) << log;
    const std::string shown = show_config(first.parsed);
    const Checked again = check_text(shown);
    EXPECT_THAT(again.findings, IsEmpty()) << shown;
    const LogConfig& one = first.parsed.config.log;
    const LogConfig& two = again.parsed.config.log;
    EXPECT_EQ(one.sink, two.sink);
    EXPECT_EQ(one.socket, two.socket);
    EXPECT_EQ(one.fields, two.fields);
    EXPECT_EQ(one.fields_without, two.fields_without);
    EXPECT_EQ(one.sample, two.sample);
  }
}

TEST(LogConfig, RefusesWhatMeansNothing) {
  struct Case {
    const char* log;
    const char* finding;
  };

  const Case cases[] = {
      {"socket: /s", "\"socket\" needs \"sink\" journald or syslog"},
      {"sink: file", "\"file\""},
      {"fields: [statsu]", "is not a field of the access log"},
      {"fields: [time]", "is not a field of the access log"},
      {"fields: [id], fields_without: [id]", "contradict each other"},
      {"sample: {}", "\"percent\" is missing"},
      {"sample: { percent: 101 }", "101"},
  };
  for (const Case& each : cases)
    EXPECT_THAT(check_text(log_config(each.log)).findings, ElementsAre(HasSubstr(each.finding)))
        << each.log;
}

}  // namespace
}  // namespace ravelin::gateway
