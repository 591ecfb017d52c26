// What of an answer is used: lies are left out and named, lifetimes stay within bounds, too much is
// cut, what is lacking stays as it was.
#include "gateway/dns/dns_answer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace ravelin::gateway {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

base::IpAddress ip(std::string_view text) {
  return *base::parse_ip(text);
}

std::vector<base::IpAddress> ips(std::initializer_list<std::string_view> texts) {
  std::vector<base::IpAddress> all;
  for (const auto text : texts)
    all.push_back(ip(text));
  return all;
}

struct AddressCase {
  std::string_view address, flaw;
};

TEST(DnsAnswer, KnowsAddressesNoServerCanHave) {
  constexpr AddressCase kCases[] = {{"0.0.0.0", "unspecified"},
                                    {"0.1.2.3", "unspecified"},
                                    {"::", "unspecified"},
                                    {"224.0.0.1", "multicast"},
                                    {"239.255.0.1", "multicast"},
                                    {"ff02::1", "multicast"},
                                    {"255.255.255.255", "broadcast"},
                                    {"240.0.0.1", "reserved"},
                                    {"127.0.0.1", ""},
                                    {"10.0.0.255", ""},
                                    {"::1", ""},
                                    {"fe80::1", ""},
                                    {"2001:db8::1", ""}};
  for (const AddressCase& row : kCases)
    EXPECT_EQ(unusable_address(ip(row.address)), row.flaw) << row.address;
}

TEST(DnsAnswer, LiesAreLeftOutAndNamed) {
  AnswerRecords records;
  records.addresses = ips({"0.0.0.0", "10.0.0.2", "10.0.0.2", "10.0.0.1", "224.0.0.9"});
  records.ttl_s = 20;
  const auto answer = usable_addresses(records, {});
  ASSERT_TRUE(answer.has_value());
  EXPECT_EQ(answer->addresses, ips({"10.0.0.2", "10.0.0.1"}));
  EXPECT_EQ(answer->remarks, "0.0.0.0 (unspecified); 224.0.0.9 (multicast)");
  EXPECT_EQ(answer->ttl, 20s);
}

TEST(DnsAnswer, NothingThatCanBeUsedIsAnError) {
  AnswerRecords records;
  EXPECT_EQ(usable_addresses(records, {}).error().message, "no address");
  EXPECT_EQ(usable_services(records, {}).error().message, "no SRV record");
  records.addresses = ips({"::"});
  records.services = {{"", 80, 0, 0}};
  EXPECT_EQ(usable_addresses(records, {}).error().message,
            "no address that a server can have: :: (unspecified)");
  EXPECT_EQ(usable_services(records, {}).error().message,
            "no server that can be used: the service is not offered (target \".\")");
}

TEST(DnsAnswer, ServicesAreThereOnceWithTheirBestPriorityAndWeight) {
  AnswerRecords records;
  records.services = {{"b.example", 80, 5, 1}, {"a.example", 80, 5, 1}, {"b.example", 80, 1, 7},
                      {"b.example", 80, 1, 9}, {"c.example", 0, 1, 1},  {"b.example", 81, 9, 1}};
  const auto answer = usable_services(records, {});
  ASSERT_TRUE(answer.has_value());
  EXPECT_THAT(answer->services, ElementsAre(ServiceRecord{"b.example", 80, 1, 9},
                                            ServiceRecord{"a.example", 80, 5, 1},
                                            ServiceRecord{"b.example", 81, 9, 1}));
  EXPECT_EQ(answer->remarks, "c.example (port 0)");
}

TEST(DnsAnswer, TtlsStayWithinTheirBounds) {
  DnsConfig config;
  config.ttl_min = 2s;
  config.ttl_max = 60s;
  const std::pair<std::uint32_t, std::chrono::seconds> cases[] = {
      {0, 2s}, {1, 2s}, {2, 2s}, {30, 30s}, {60, 60s}, {61, 60s}, {0x7fffffff, 60s}};
  for (const auto& [ttl, used] : cases) {
    AnswerRecords records{ips({"10.0.0.1"}), {{"a.example", 80, 0, 0}}, ttl};
    EXPECT_EQ(usable_addresses(records, config)->ttl, used) << ttl;
    EXPECT_EQ(usable_services(records, config)->ttl, used) << ttl;
  }
}

TEST(DnsAnswer, TooManyRecordsAreCutToTheSameOnesInAnyOrder) {
  AnswerRecords records;
  for (std::uint16_t i = 0; i < 1500; ++i) {
    records.addresses.push_back(
        {.bytes = {10, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i & 0xff)}});
    records.services.push_back({"a.example", static_cast<std::uint16_t>(i + 1), 0, 0});
  }
  const auto first = usable_addresses(records, {});
  const auto services = usable_services(records, {});
  std::ranges::reverse(records.addresses);
  std::ranges::reverse(records.services);
  const auto second = usable_addresses(records, {});
  EXPECT_EQ(first->addresses.size(), kDnsRecordsMax);
  EXPECT_EQ(first->addresses, second->addresses);
  EXPECT_EQ(services->services, usable_services(records, {})->services);
  EXPECT_EQ(services->services.size(), kDnsRecordsMax);
  EXPECT_EQ(first->remarks, "1500 records, of which 1000 are used");
  EXPECT_EQ(services->remarks, "1500 records, of which 1000 are used");
}

TEST(DnsAnswer, ManyRemarksAreCounted) {
  AnswerRecords records;
  records.addresses = ips({"10.0.0.1", "224.0.0.1", "224.0.0.2", "224.0.0.3", "224.0.0.4"});
  EXPECT_THAT(usable_addresses(records, {})->remarks, HasSubstr("; and 1 more"));
}

TEST(DnsAnswer, AFamilyThatIsLackingStaysAsItWas) {
  const auto before = ips({"10.0.0.1", "10.0.0.2", "2001:db8::1"});
  DnsAddresses answer;
  answer.addresses = ips({"2001:db8::2"});
  EXPECT_EQ(merge_addresses(before, answer), ips({"2001:db8::2"}));
  answer.lacks_ipv4 = true;
  EXPECT_EQ(merge_addresses(before, answer), ips({"2001:db8::2", "10.0.0.1", "10.0.0.2"}));
  answer.lacks_ipv4 = false;
  answer.lacks_ipv6 = true;
  answer.addresses = ips({"10.0.0.3"});
  EXPECT_EQ(merge_addresses(before, answer), ips({"10.0.0.3", "2001:db8::1"}));
}

TEST(DnsAnswer, PausesDoubleAndEndAtEightTimes) {
  DnsConfig config;
  config.after_failure = 100ms;
  std::vector<std::chrono::milliseconds> pauses;
  for (const unsigned failures : {1U, 2U, 3U, 4U, 5U, 1000U})
    pauses.push_back(failure_pause(config, failures));
  EXPECT_THAT(pauses, ElementsAre(100ms, 200ms, 400ms, 800ms, 800ms, 800ms));
}

struct SearchCase {
  const char* name;
  int ndots;
  std::vector<std::string> asked;
};

TEST(DnsAnswer, NamesAreSearchedAsResolvConfSays) {
  const std::vector<std::string> search{"a.example", "b.example"};
  const SearchCase cases[] = {
      {"app", 1, {"app.a.example", "app.b.example", "app"}},
      {"app.internal", 1, {"app.internal", "app.internal.a.example", "app.internal.b.example"}},
      {"app.internal", 2, {"app.internal.a.example", "app.internal.b.example", "app.internal"}},
      {"app.", 1, {"app."}},
      {"app.internal.", 5, {"app.internal."}}};
  for (const SearchCase& row : cases)
    EXPECT_EQ(names_to_ask(row.name, search, row.ndots), row.asked) << row.name << row.ndots;
  EXPECT_THAT(names_to_ask("app", {}, 1), ElementsAre("app"));
  const std::vector<std::string> many(20, "x.example");
  EXPECT_EQ(names_to_ask("app", many, 1).size(), 7U);
  EXPECT_THAT(names_to_ask(std::string(250, 'a'), search, 1), ElementsAre(std::string(250, 'a')));
}

}  // namespace
}  // namespace ravelin::gateway
