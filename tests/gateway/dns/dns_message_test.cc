// Answers of name servers as bytes: what is read of good ones, what of bad ones is refused.
#include "gateway/dns/dns_message.h"

#include "tests/gateway/dns/name_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::gateway::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Bytes = std::vector<std::uint8_t>;

constexpr std::string_view kName = "app.internal";
constexpr std::size_t kAnswersAt = 12 + 14 + 4;  // after the question

std::vector<std::string> texts(const base::Result<AnswerRecords>& records) {
  std::vector<std::string> all;
  if (!records) return {records.error().message};
  for (const base::IpAddress& address : records->addresses)
    all.push_back(base::to_string(address));
  for (const ServiceRecord& service : records->services)
    all.push_back(
        fmt::format("{}:{} {} {}", service.target, service.port, service.priority, service.weight));
  all.push_back(fmt::format("ttl {}", records->ttl_s));
  return all;
}

base::Result<AnswerRecords> parse(const WireReply& reply, RecordType type = RecordType::a) {
  return parse_dns_answer(wire_message(7, kName, type, reply), type);
}

TEST(DnsMessage, GivesAddressesInTheirOrderAndTheLeastTtl) {
  EXPECT_THAT(texts(parse({{address_record("10.0.0.2", 60), address_record("10.0.0.1", 30)}})),
              ElementsAre("10.0.0.2", "10.0.0.1", "ttl 30"));
  EXPECT_THAT(texts(parse({{address_record("2001:db8::1", 5)}}, RecordType::aaaa)),
              ElementsAre("2001:db8::1", "ttl 5"));
}

TEST(DnsMessage, AMappedAddressIsTheIPv4One) {
  WireRecord mapped = address_record("2001:db8::1");
  mapped.data = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 10, 0, 0, 1};
  EXPECT_THAT(texts(parse({{mapped}}, RecordType::aaaa)), ElementsAre("10.0.0.1", "ttl 60"));
}

TEST(DnsMessage, GivesServices) {
  EXPECT_THAT(texts(parse({{service_record("A.Example", 8080, 10, 60, 40),
                            service_record("b.example", 8081, 20, 0, 50), service_record("", 1)}},
                          RecordType::srv)),
              ElementsAre("a.example:8080 10 60", "b.example:8081 20 0", ":1 0 0", "ttl 40"));
}

TEST(DnsMessage, FollowsAliasesInWhateverOrderAndCountsTheirTtl) {
  WireRecord address = address_record("10.0.0.1", 300);
  address.owner = "c.example";
  EXPECT_THAT(texts(parse({{address, alias_record("c.example", 100, "b.example"),
                            alias_record("b.example", 20)}})),
              ElementsAre("10.0.0.1", "ttl 20"));
}

TEST(DnsMessage, RecordsOfOtherNamesTypesAndClassesAreNotTheAnswer) {
  WireRecord other = address_record("10.9.9.9", 1);
  other.owner = "other.internal";
  WireRecord text = address_record("10.9.9.8", 1);
  text.type = 16;
  EXPECT_THAT(texts(parse({{other, text, address_record("10.0.0.1", 9)}})),
              ElementsAre("10.0.0.1", "ttl 9"));
  EXPECT_THAT(texts(parse({{other, text}})), ElementsAre("ttl 0"));
  Bytes chaos = wire_message(7, kName, RecordType::a, {{address_record("10.0.0.1")}});
  chaos[kAnswersAt + 5] = 3;
  EXPECT_THAT(texts(parse_dns_answer(chaos, RecordType::a)), ElementsAre("ttl 0"));
}

TEST(DnsMessage, ATtlWithItsFirstBitSetIsNone) {
  EXPECT_THAT(texts(parse({{address_record("10.0.0.1", 0x80000001)}})),
              ElementsAre("10.0.0.1", "ttl 0"));
  EXPECT_THAT(texts(parse({{address_record("10.0.0.1", 0x7fffffff)}})),
              ElementsAre("10.0.0.1", "ttl 2147483647"));
}

TEST(DnsMessage, NamesAreComparedWithoutCase) {
  Bytes message = wire_message(7, "APP.Internal", RecordType::a, {});
  WireRecord address = address_record("10.0.0.1");
  address.owner = "app.INTERNAL";
  message = wire_message(7, "APP.Internal", RecordType::a, {{address}});
  EXPECT_THAT(texts(parse_dns_answer(message, RecordType::a)), ElementsAre("10.0.0.1", "ttl 60"));
}

TEST(DnsMessage, EveryCutIsRefused) {
  for (const RecordType type : {RecordType::a, RecordType::srv}) {
    const WireReply reply{
        {type == RecordType::a ? address_record("10.0.0.1") : service_record("a.example", 80),
         alias_record("x.example")}};
    const Bytes whole = wire_message(7, kName, type, reply);
    ASSERT_TRUE(parse_dns_answer(whole, type).has_value());
    for (std::size_t size = 0; size < whole.size(); ++size)
      EXPECT_FALSE(parse_dns_answer(std::span(whole).first(size), type).has_value()) << size;
  }
}

TEST(DnsMessage, AliasesInACircleEnd) {
  EXPECT_THAT(texts(parse({{alias_record("b.example"), alias_record(kName, 60, "b.example")}})),
              ElementsAre(HasSubstr("circle")));
}

struct BadCase {
  const char* name;
  void (*spoil)(Bytes&);
  const char* said;
};

class DnsMessageRefuses : public testing::TestWithParam<BadCase> {};

TEST_P(DnsMessageRefuses, AndSaysWhy) {
  Bytes message = wire_message(7, kName, RecordType::a, {{address_record("10.0.0.1")}});
  GetParam().spoil(message);
  EXPECT_THAT(texts(parse_dns_answer(message, RecordType::a)),
              ElementsAre(HasSubstr(GetParam().said)));
}

INSTANTIATE_TEST_SUITE_P(
    Cases, DnsMessageRefuses,
    testing::Values(
        BadCase{"AQuestion", [](Bytes& m) { m[2] &= 0x7f; }, "not an answer"},
        BadCase{"AnotherOpcode", [](Bytes& m) { m[2] |= 0x10; }, "not an answer"},
        BadCase{"TwoQuestions", [](Bytes& m) { m[5] = 2; }, "not an answer"},
        BadCase{"ACutAnswer", [](Bytes& m) { m[2] |= 0x02; }, "cut"},
        BadCase{"AnErrorCode", [](Bytes& m) { m[3] |= 6; }, "error code 6"},
        BadCase{"AnotherType", [](Bytes& m) { m[kAnswersAt - 3] = 28; }, "another question"},
        BadCase{"MoreRecordsThanThereAre", [](Bytes& m) { m[6] = 1; }, "within a record"},
        BadCase{"APointerForwards", [](Bytes& m) { m[kAnswersAt + 1] = 0xff; }, "within a record"},
        BadCase{"APointerToItself",
                [](Bytes& m) { m[kAnswersAt + 1] = static_cast<std::uint8_t>(kAnswersAt); },
                "within a record"},
        BadCase{"APointerIntoTheHeader", [](Bytes& m) { m[kAnswersAt + 1] = 4; },
                "within a record"},
        BadCase{"ALabelOfNoKnownKind", [](Bytes& m) { m[kAnswersAt] = 0x80; }, "within a record"},
        BadCase{"AnAddressOfThreeBytes",
                [](Bytes& m) {
                  m[kAnswersAt + 11] = 3;
                  m.pop_back();
                },
                "no A"},
        BadCase{"ALengthBeyondTheEnd", [](Bytes& m) { m[kAnswersAt + 10] = 1; }, "no A"}),
    [](const auto& param) { return param.param.name; });

TEST(DnsMessage, ATargetThatIsNoHostNameIsRefused) {
  EXPECT_THAT(texts(parse({{service_record("a b", 80)}}, RecordType::srv)),
              ElementsAre(HasSubstr("no SRV")));
  WireRecord longer = service_record("a.example", 80);
  longer.data.push_back(0);
  EXPECT_THAT(texts(parse({{longer}}, RecordType::srv)), ElementsAre(HasSubstr("no SRV")));
}

TEST(DnsMessage, ANameOfMoreThan255BytesIsRefused) {
  std::string name;
  for (int i = 0; i < 4; ++i)
    name += std::string(62, 'a') + ".";
  name += "bb";  // 4 * 63 + 3 + 1 = 256 bytes on the wire
  EXPECT_THAT(texts(parse({{service_record(name, 80)}}, RecordType::srv)),
              ElementsAre(HasSubstr("no SRV")));
  name.pop_back();
  EXPECT_TRUE(parse({{service_record(name, 80)}}, RecordType::srv).has_value());
}

}  // namespace
}  // namespace ravelin::gateway::test
