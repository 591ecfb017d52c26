#include "gateway/config/show.h"

#include "tests/gateway/config/config_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kText =
    "version: 1\n"
    "tls: { profile: modern }\n"
    "certs: { store: certs }\n"
    "listeners:\n"
    "  - name: web\n"
    "    bind: \"127.0.0.1:443\"\n"
    "    tls: { certificates: [{ store: true }, { chain: w.crt, key: w.key }], hsts: off }\n"
    "    routes:\n"
    "      - { pool: web }\n"
    "      - match: { host: \"*.a.test\" }\n"
    "        respond: { body: \"say \\\"hi\\\"\\n\" }\n"
    "pools:\n"
    "  - { name: web, servers: [{ address: \"10.0.0.1:80\", tls: {} }] }\n";

TEST(ShowConfig, TellsEveryValueAndItsOrigin) {
  const Checked checked = check_text(kText);
  ASSERT_THAT(checked.findings, IsEmpty());
  const std::string shown = show_config(checked.parsed);
  const auto line_with = [&](const std::string& start) {
    const std::size_t at = shown.find(start);
    if (at == std::string::npos) return "no line with " + start;
    const std::string line = shown.substr(at, shown.find('\n', at) - at);
    return start + line.substr(line.find_last_of('#') - 1);
  };
  EXPECT_EQ(line_with("version: 1"), "version: 1 # /etc/r.yaml:1");
  EXPECT_EQ(line_with("workers: auto"), "workers: auto # default");
  EXPECT_EQ(line_with("      - \"127.0.0.1:443\""), "      - \"127.0.0.1:443\" # /etc/r.yaml:6");
  EXPECT_EQ(line_with("      profile: modern"), "      profile: modern # /etc/r.yaml:2");
  EXPECT_EQ(line_with("        - chain: /etc/w.crt"),
            "        - chain: /etc/w.crt # /etc/r.yaml:7");
  EXPECT_EQ(line_with("        - store: true"), "        - store: true # /etc/r.yaml:7");
  EXPECT_EQ(line_with("          default: false"), "          default: false # default");
  EXPECT_EQ(line_with("      hsts: off"), "      hsts: off # /etc/r.yaml:7");
  EXPECT_EQ(line_with("          body: \"say \\\"hi\\\"\\n\""),
            "          body: \"say \\\"hi\\\"\\n\" # /etc/r.yaml:11");
  EXPECT_EQ(line_with("        tls: {}"), "        tls: {} # /etc/r.yaml:13");
}

TEST(ShowConfig, ReadsBackAsTheSameConfiguration) {
  const Checked first = check_text(kText);
  const std::string shown = show_config(first.parsed);
  const Checked second = check_text(shown);
  EXPECT_THAT(second.findings, IsEmpty()) << shown;
  const auto without_comments = [](const std::string& text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = text.find('\n', at);
      const std::string line = text.substr(at, end - at);
      out += line.substr(0, line.find("  #")) + "\n";
      at = end + 1;
    }
    return out;
  };
  EXPECT_EQ(without_comments(show_config(second.parsed)), without_comments(shown));
}

TEST(ShowConfig, HasAMachineForm) {
  const std::string json = show_config_json(check_text(kText).parsed);
  EXPECT_THAT(json, HasSubstr(R"("files":["/etc/r.yaml"])"));
  EXPECT_THAT(json, HasSubstr(R"("bind":["127.0.0.1:443"])"));
  EXPECT_THAT(json, HasSubstr(R"("weight":1,"backup":false)"));
  EXPECT_THAT(json, HasSubstr(R"("listeners[0].bind[0]":"/etc/r.yaml:6:11")"));
  EXPECT_THAT(json, HasSubstr(R"("listeners[0].tls.profile":"/etc/r.yaml:2:17")"));
  EXPECT_THAT(json, Not(HasSubstr(R"("workers":"/etc)")));
}

}  // namespace
}  // namespace ravelin::gateway
