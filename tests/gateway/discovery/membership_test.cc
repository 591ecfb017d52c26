#include "gateway/discovery/membership.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

// "name@address", the name left out where it is the address.
ServerConfig server(const std::string& text) {
  const std::size_t at = text.find('@');
  ServerConfig config;
  config.address = *base::parse_endpoint(at == std::string::npos ? text : text.substr(at + 1));
  config.name = at == std::string::npos ? base::to_string(config.address) : text.substr(0, at);
  return config;
}

std::vector<ServerConfig> servers(const std::vector<std::string>& texts) {
  std::vector<ServerConfig> all;
  for (const std::string& text : texts)
    all.push_back(server(text));
  return all;
}

std::vector<std::string> shown(const Membership& members) {
  std::vector<std::string> all;
  for (const ServerConfig& one : members.servers)
    all.push_back(one.name + " by " + std::string(to_string(one.source)));
  return all;
}

struct Row {
  const char* name;
  std::vector<std::string> configured;
  std::vector<std::string> file;
  std::vector<std::string> dns;
  std::vector<std::string> added;
  std::set<std::string, std::less<>> removed;
  bool discovers;
  std::vector<std::string> members;
  std::vector<std::string> findings;
};

const Row kRows[] = {
    {"EachBringsItsOwn",
     {"a@10.0.0.1:80"},
     {"b@10.0.0.2:80"},
     {"10.0.0.3:80"},
     {"d@10.0.0.4:80"},
     {},
     true,
     {"a by config", "b by file", "10.0.0.3:80 by dns", "d by operator"},
     {}},
    {"WithoutAnyItIsEmpty", {}, {}, {}, {}, {}, true, {}, {}},
    {"TheSameServerOfTwoCountsOnceForTheFirst",
     {"a@10.0.0.1:80"},
     {"a@10.0.0.1:80", "b@10.0.0.2:80"},
     {},
     {"b@10.0.0.2:80"},
     {},
     true,
     {"a by config", "b by file"},
     {}},
    {"ANameTwiceIsTheFirstOnes",
     {"a@10.0.0.1:80"},
     {"a@10.0.0.2:80"},
     {},
     {},
     {},
     true,
     {"a by config"},
     {"server \"a\" of file is not used: config has one of this name at 10.0.0.1:80"}},
    {"AnAddressTwiceWouldCountTwice",
     {"a@10.0.0.1:80"},
     {},
     {"10.0.0.1:80"},
     {},
     {},
     true,
     {"a by config"},
     {"server \"10.0.0.1:80\" of dns is not used: \"a\" of config has its address"}},
    {"AConfigurationMaySayAnAddressTwice",
     {"a@10.0.0.1:80", "b@10.0.0.1:80"},
     {},
     {},
     {},
     {},
     false,
     {"a by config", "b by config"},
     {}},
    {"RemovedOnesAreGone",
     {"a@10.0.0.1:80", "b@10.0.0.2:80"},
     {"c@10.0.0.3:80"},
     {},
     {},
     {"a", "c"},
     true,
     {"b by config"},
     {}},
    {"ARemovedAddressDoesNotComeInAgain",
     {"a@10.0.0.1:80", "b@10.0.0.2:80"},
     {},
     {"10.0.0.1:80"},
     {},
     {"a"},
     true,
     {"b by config"},
     {"server \"10.0.0.1:80\" of dns is not used: \"a\" of config has its address"}},
    {"AllRemovedIsEmptyWhereOthersMayBeFound", {"a@10.0.0.1:80"}, {}, {}, {}, {"a"}, true, {}, {}},
    {"AllRemovedIsTheConfigurationWhereNot",
     {"a@10.0.0.1:80"},
     {},
     {},
     {"b@10.0.0.2:80"},
     {"a", "b"},
     false,
     {"a by config"},
     {"every server is removed; those of the configuration stay, since the pool would be empty"}},
    {"AnAddedOneMayTakeOver",
     {"a@10.0.0.1:80"},
     {},
     {},
     {"b@10.0.0.2:80"},
     {"a"},
     false,
     {"b by operator"},
     {}},
    {"TooManyAreCutAndSaid",
     {"a@10.0.0.1:80"},
     {"b@10.0.0.2:80", "c@10.0.0.3:80", "d@10.0.0.4:80", "e@10.0.0.5:80"},
     {},
     {},
     {},
     true,
     {"a by config", "b by file", "c by file", "d by file"},
     {"file has 4 servers; those after the first 3 (\"servers_max\") are not used"}},
};

class Members : public ::testing::TestWithParam<Row> {};

TEST_P(Members, AreThese) {
  const Row& row = GetParam();
  PoolConfig pool;
  pool.servers = servers(row.configured);
  if (row.discovers) pool.discover.emplace().servers_max = 3;
  const Membership members =
      members_of(pool, {servers(row.file), servers(row.dns)}, {servers(row.added), row.removed});
  EXPECT_THAT(shown(members), ElementsAreArray(row.members));
  EXPECT_THAT(members.findings, ElementsAreArray(row.findings));
}

INSTANTIATE_TEST_SUITE_P(All, Members, ::testing::ValuesIn(kRows),
                         [](const auto& test) { return test.param.name; });

TEST(Membership, TellsWhichOrdersChangeNothing) {
  PoolConfig pool;
  pool.servers = servers({"a@10.0.0.1:80"});
  pool.discover.emplace();
  const Membership members =
      members_of(pool, {servers({"b@10.0.0.2:80"}), {}},
                 {servers({"a@10.0.0.1:80", "x@10.0.0.2:80", "c@10.0.0.3:80"}), {"b", "gone"}});
  EXPECT_THAT(members.idle_added, ElementsAre("a", "x"));
  EXPECT_THAT(members.idle_removed, ElementsAre("gone"));
  EXPECT_THAT(shown(members), ElementsAre("a by config", "c by operator"));
}

TEST(Membership, AnAddedServerSpeaksAsItsPoolDoes) {
  PoolConfig pool;
  pool.proxy_protocol.version = ProxyVersion::v2;
  const Membership members = members_of(pool, {}, {servers({"a@10.0.0.1:80"}), {}});
  EXPECT_EQ(members.servers.at(0).proxy_protocol.version, ProxyVersion::v2);
}

TEST(Membership, HoldsItsLimitWhoeverBringsThem) {
  PoolConfig pool;
  pool.discover.emplace().servers_max = kMembersMax;
  std::vector<ServerConfig> many;
  for (unsigned i = 0; i < kMembersMax + 5; ++i)
    many.push_back(server(fmt::format("10.0.{}.{}:80", i / 250, i % 250 + 1)));
  const std::vector<ServerConfig> half(many.begin(), many.begin() + 3000);
  const std::vector<ServerConfig> rest(many.begin() + 3000, many.end());
  const Membership members = members_of(pool, {half, rest}, {});
  EXPECT_EQ(members.servers.size(), kMembersMax);
  EXPECT_THAT(members.findings,
              ElementsAre(HasSubstr("more than 4096 servers; \"10.0.16.97:80\"")));
}

TEST(MemberChange, NamesWhoCameAndWhoWent) {
  std::vector<ServerConfig> before = servers({"a@10.0.0.1:80", "b@10.0.0.2:80", "c@10.0.0.3:80"});
  std::vector<ServerConfig> now = servers({"a@10.0.0.1:80", "c@10.0.0.9:80", "d@10.0.0.4:80"});
  now[0].weight = 7;  // is no other server for that
  now[2].source = ServerSource::file;
  const MemberChange change = change_between(before, now);
  EXPECT_THAT(change.added, ElementsAre("c", "d"));
  EXPECT_THAT(change.removed, ElementsAre("b", "c"));
  EXPECT_THAT(change.sources, ElementsAre(ServerSource::config, ServerSource::file));
  EXPECT_TRUE(change_between(before, before).is_empty());
}

TEST(MemberChange, ShowsAFewNamesOfMany) {
  EXPECT_EQ(names_text({}), "");
  EXPECT_EQ(names_text({"a", "b"}), "a, b");
  EXPECT_EQ(names_text(std::vector<std::string>(12, "x")),
            "x, x, x, x, x, x, x, x, x, x, ... (12 in all)");
}

}  // namespace
}  // namespace ravelin::gateway
