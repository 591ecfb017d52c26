// Which requests are refused and why: one row per rule, accepted neighbours beside the refused.
#include "gateway/http1/request_parser.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace ravelin::gateway::http1 {
namespace {

struct RuleRow {
  const char* name;
  std::string_view head;  // without the final empty line
  Reason reason;
};

class RequestRules : public testing::TestWithParam<RuleRow> {};

TEST_P(RequestRules, Hold) {
  const RuleRow& row = GetParam();
  const auto out = std::make_unique<RequestHead>();
  const std::string head = std::string(row.head) + "\r\n\r\n";
  const ParseResult result = parse_request_head(head, HeadLimits{}, *out);
  EXPECT_EQ(result.reason, row.reason) << result.detail;
  EXPECT_EQ(result.detail.empty(), row.reason == Reason::none);
}

const RuleRow kRequestLineRows[] = {
    {"PlainGet", "GET / HTTP/1.1\r\nHost: a", Reason::none},
    {"Http10WithoutHost", "GET / HTTP/1.0", Reason::none},
    {"Http10WithHost", "GET / HTTP/1.0\r\nHost: a", Reason::none},
    {"UnknownMethodIsLegal", "PROPFIND / HTTP/1.1\r\nHost: a", Reason::none},
    {"MethodOfEveryTokenPunctuation", "!#$%&'*+-.^_`|~ / HTTP/1.1\r\nHost: a", Reason::none},
    {"MethodOf32Bytes", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF / HTTP/1.1\r\nHost: a", Reason::none},
    {"MethodOf33Bytes", "ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG / HTTP/1.1\r\nHost: a",
     Reason::unsupported_method},
    {"Connect", "CONNECT a:443 HTTP/1.1\r\nHost: a:443", Reason::unsupported_method},
    {"ConnectWithPath", "CONNECT / HTTP/1.1\r\nHost: a", Reason::unsupported_method},
    {"Trace", "TRACE / HTTP/1.1\r\nHost: a", Reason::unsupported_method},
    {"NoMethod", " / HTTP/1.1\r\nHost: a", Reason::bad_request_line},
    {"NoMethodNoTarget", " HTTP/1.1\r\nHost: a", Reason::bad_request_line},
    {"NoTarget", "GET HTTP/1.1\r\nHost: a", Reason::bad_request_line},
    {"EmptyTarget", "GET  HTTP/1.1\r\nHost: a", Reason::bad_target},
    {"TwoSpacesAfterMethod", "GET  / HTTP/1.1\r\nHost: a", Reason::bad_request_line},
    {"TwoSpacesBeforeVersion", "GET /  HTTP/1.1\r\nHost: a", Reason::bad_target},
    {"SpaceAfterVersion", "GET / HTTP/1.1 \r\nHost: a", Reason::bad_request_line},
    {"TabAfterMethod", "GET\t/ HTTP/1.1\r\nHost: a", Reason::bad_request_line},
    {"TabBeforeVersion", "GET /\tHTTP/1.1\r\nHost: a", Reason::unsupported_version},
    {"SeparatorInMethod", "G(T / HTTP/1.1\r\nHost: a", Reason::bad_request_line},
    {"EightBitInMethod", "G\xc3\x89T / HTTP/1.1\r\nHost: a", Reason::bad_request_line},
    {"Http09", "GET /", Reason::unsupported_version},
    {"Http09WithFields", "GET /\r\nHost: a", Reason::unsupported_version},
    {"OnlyAMethod", "GET", Reason::bad_request_line},
    {"OnlyAMethodAndSpace", "GET ", Reason::bad_request_line},
    {"Http20", "GET / HTTP/2.0\r\nHost: a", Reason::unsupported_version},
    {"Http20Preface", "PRI * HTTP/2.0", Reason::unsupported_version},
    {"Http12", "GET / HTTP/1.2\r\nHost: a", Reason::unsupported_version},
    {"Http01", "GET / HTTP/0.9\r\nHost: a", Reason::unsupported_version},
    {"VersionWithoutMinor", "GET / HTTP/1\r\nHost: a", Reason::bad_request_line},
    {"VersionWithTwoDigits", "GET / HTTP/1.10\r\nHost: a", Reason::bad_request_line},
    {"VersionWithLeadingZero", "GET / HTTP/01.1\r\nHost: a", Reason::bad_request_line},
    {"VersionInLowerCase", "GET / http/1.1\r\nHost: a", Reason::bad_request_line},
    {"VersionWithComma", "GET / HTTP/1,1\r\nHost: a", Reason::bad_request_line},
    {"OtherProtocol", "GET / ICAP/1.1\r\nHost: a", Reason::bad_request_line},
    {"ProxyProtocolLine", "PROXY TCP4 127.0.0.1 127.0.0.1 1 443", Reason::bad_request_line},
};

const RuleRow kFieldRows[] = {
    {"ValueOfEightBitCharacters", "GET / HTTP/1.1\r\nHost: a\r\nX: caf\xc3\xa9", Reason::none},
    {"EmptyValue", "GET / HTTP/1.1\r\nHost: a\r\nX:", Reason::none},
    {"ValueOfBlanks", "GET / HTTP/1.1\r\nHost: a\r\nX: \t ", Reason::none},
    {"ColonInValue", "GET / HTTP/1.1\r\nHost: a\r\nX: a:b:", Reason::none},
    {"NoColon", "GET / HTTP/1.1\r\nHost: a\r\nX", Reason::bad_field},
    {"EmptyName", "GET / HTTP/1.1\r\nHost: a\r\n: x", Reason::bad_field},
    {"SpaceBeforeColon", "GET / HTTP/1.1\r\nHost: a\r\nX : y", Reason::bad_field},
    {"TabBeforeColon", "GET / HTTP/1.1\r\nHost: a\r\nX\t: y", Reason::bad_field},
    {"SpaceInName", "GET / HTTP/1.1\r\nHost: a\r\nX Y: z", Reason::bad_field},
    {"FoldedWithSpace", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n z", Reason::bad_field},
    {"FoldedWithTab", "GET / HTTP/1.1\r\nHost: a\r\nX: y\r\n\tz", Reason::bad_field},
    {"FoldedFirstLine", "GET / HTTP/1.1\r\n Host: a", Reason::bad_field},
    {"FoldedEmptyLine", "GET / HTTP/1.1\r\nHost: a\r\n ", Reason::bad_field},
    {"QuoteInName", "GET / HTTP/1.1\r\nHost: a\r\n\"X\": y", Reason::bad_field},
    {"EightBitInName", "GET / HTTP/1.1\r\nHost: a\r\nX\xe9: y", Reason::bad_field},
    {"EmptyLineInside", "GET / HTTP/1.1\r\nHost: a\r\n\r\nX: y", Reason::bad_field},
    {"ConnectionOfTokens", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close, x-a , keep-alive",
     Reason::none},
    {"ConnectionWithEmptyElements", "GET / HTTP/1.1\r\nHost: a\r\nConnection: ,close,,",
     Reason::none},
    {"ConnectionNotOfTokens", "GET / HTTP/1.1\r\nHost: a\r\nConnection: keep alive",
     Reason::bad_field},
    {"ConnectionWithParameter", "GET / HTTP/1.1\r\nHost: a\r\nConnection: close;x=1",
     Reason::bad_field},
    {"ExpectContinue", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-Continue", Reason::none},
    {"ExpectOther", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok", Reason::unsupported_expectation},
    {"ExpectEmpty", "GET / HTTP/1.1\r\nHost: a\r\nExpect:", Reason::unsupported_expectation},
    {"ExpectTwo", "GET / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue, x",
     Reason::unsupported_expectation},
};

const RuleRow kHostRows[] = {
    {"Missing", "GET / HTTP/1.1", Reason::bad_host},
    {"Empty", "GET / HTTP/1.1\r\nHost:", Reason::bad_host},
    {"EmptyInHttp10", "GET / HTTP/1.0\r\nHost:", Reason::bad_host},
    {"Twice", "GET / HTTP/1.1\r\nHost: a\r\nHost: b", Reason::bad_host},
    {"TwiceTheSame", "GET / HTTP/1.1\r\nHost: a\r\nhost: a", Reason::bad_host},
    {"TwiceInHttp10", "GET / HTTP/1.0\r\nHost: a\r\nHost: a", Reason::bad_host},
    {"SpaceInside", "GET / HTTP/1.1\r\nHost: a b", Reason::bad_host},
    {"AbsoluteTargetAlone", "GET http://a/ HTTP/1.0", Reason::none},
    {"AbsoluteTargetNeedsHostToo", "GET http://a/ HTTP/1.1", Reason::bad_host},
    {"AbsoluteTargetSameHost", "GET http://a/ HTTP/1.1\r\nHost: A", Reason::none},
    {"AbsoluteTargetDefaultPort", "GET http://a:80/ HTTP/1.1\r\nHost: a", Reason::none},
    {"AbsoluteTargetDefaultTlsPort", "GET https://a/ HTTP/1.1\r\nHost: a:443", Reason::none},
    {"AbsoluteTargetOtherHost", "GET http://a/ HTTP/1.1\r\nHost: b", Reason::bad_host},
    {"AbsoluteTargetOtherPort", "GET http://a:81/ HTTP/1.1\r\nHost: a", Reason::bad_host},
    {"AbsoluteTargetBrokenHost", "GET http://a/ HTTP/1.1\r\nHost: a/", Reason::bad_host},
};

const RuleRow kFramingRows[] = {
    {"Length", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5", Reason::none},
    {"LengthZero", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0", Reason::none},
    {"LengthLeadingZeros",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0000000000000000000000005", Reason::none},
    {"LengthLargest", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775807",
     Reason::none},
    {"LengthTooLarge", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9223372036854775808",
     Reason::bad_framing},
    {"LengthWraps", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 18446744073709551621",
     Reason::bad_framing},
    {"LengthEmpty", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length:", Reason::bad_framing},
    {"LengthPlus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +5", Reason::bad_framing},
    {"LengthMinus", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -5", Reason::bad_framing},
    {"LengthHex", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x5", Reason::bad_framing},
    {"LengthFraction", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5.0", Reason::bad_framing},
    {"LengthWithText", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5x", Reason::bad_framing},
    {"LengthInQuotes", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \"5\"", Reason::bad_framing},
    {"LengthListOfSame", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 5", Reason::bad_framing},
    {"LengthListOfDifferent", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5, 6",
     Reason::bad_framing},
    {"LengthTwiceTheSame", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\ncontent-length: 05",
     Reason::none},
    {"LengthTwiceDifferent", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6",
     Reason::bad_framing},
    {"LengthOfEightBitDigit", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \xef\xbc\x95",
     Reason::bad_framing},
    {"Chunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: cHUNKED", Reason::none},
    {"ChunkedInHttp10", "POST / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked",
     Reason::bad_framing},
    {"ChunkedAndLength",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 5",
     Reason::bad_framing},
    {"LengthAndChunked",
     "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked",
     Reason::bad_framing},
    {"ChunkedAndLengthZero",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 0",
     Reason::bad_framing},
    {"ChunkedTwice", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked",
     Reason::bad_framing},
    {"ChunkedOnTwoLines",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
     Reason::bad_framing},
    {"ChunkedThenIdentityLine",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity",
     Reason::bad_framing},
    {"EmptyThenChunkedLine",
     "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:\r\nTransfer-Encoding: chunked",
     Reason::bad_framing},
    {"CodingEmpty", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding:", Reason::bad_framing},
    {"CodingIdentity", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity",
     Reason::bad_framing},
    {"CodingGzip", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip", Reason::bad_framing},
    {"CodingGzipChunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked",
     Reason::unsupported_coding},
    {"CodingChunkedGzip", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, gzip",
     Reason::bad_framing},
    {"CodingUnknownChunked", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: cow, chunked",
     Reason::bad_framing},
    {"CodingQuoted", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \"chunked\"",
     Reason::bad_framing},
    {"CodingLeadingComma", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: ,chunked",
     Reason::bad_framing},
    {"CodingTrailingComma", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,",
     Reason::bad_framing},
    {"CodingWithVerticalTab", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \vchunked",
     Reason::bad_field},
    {"CodingWithParameter", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked;q=1",
     Reason::bad_framing},
    {"GetWithBody", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5", Reason::none},
    {"GetWithBodyInHttp10", "GET / HTTP/1.0\r\nHost: a\r\nContent-Length: 5", Reason::bad_framing},
    {"HeadWithBodyInHttp10", "HEAD / HTTP/1.0\r\nHost: a\r\nContent-Length: 5",
     Reason::bad_framing},
    {"DeleteWithBodyInHttp10", "DELETE / HTTP/1.0\r\nHost: a\r\nContent-Length: 5",
     Reason::bad_framing},
    {"GetWithEmptyBodyInHttp10", "GET / HTTP/1.0\r\nHost: a\r\nContent-Length: 0", Reason::none},
    {"PostWithBodyInHttp10", "POST / HTTP/1.0\r\nHost: a\r\nContent-Length: 5", Reason::none},
};

constexpr auto kRowName = [](const testing::TestParamInfo<RuleRow>& info) {
  return std::string(info.param.name);
};

INSTANTIATE_TEST_SUITE_P(RequestLine, RequestRules, testing::ValuesIn(kRequestLineRows), kRowName);
INSTANTIATE_TEST_SUITE_P(Fields, RequestRules, testing::ValuesIn(kFieldRows), kRowName);
INSTANTIATE_TEST_SUITE_P(Host, RequestRules, testing::ValuesIn(kHostRows), kRowName);
INSTANTIATE_TEST_SUITE_P(Framing, RequestRules, testing::ValuesIn(kFramingRows), kRowName);

ParseResult parse(std::string_view head, const HeadLimits& limits) {
  const auto out = std::make_unique<RequestHead>();
  return parse_request_head(head, limits, *out);
}

TEST(RequestLimits, HoldToTheByte) {
  const std::string_view head = "GET /abc HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  constexpr std::uint32_t kLine = 17;
  const auto size = static_cast<std::uint32_t>(head.size());
  EXPECT_EQ(parse(head, {kLine, size, 2}).reason, Reason::none);
  EXPECT_EQ(parse(head, {kLine - 1, size, 2}).reason, Reason::line_too_long);
  EXPECT_EQ(parse(head, {kLine, size - 1, 2}).reason, Reason::header_too_large);
  EXPECT_EQ(parse(head, {kLine, size, 1}).reason, Reason::too_many_fields);
}

TEST(RequestLimits, CountFieldsThatAreLeftOut) {
  const std::string_view head = "GET / HTTP/1.1\r\nHost: a\r\nX_Y: z\r\nX_Y: z\r\n\r\n";
  EXPECT_EQ(parse(head, {.field_count_max = 3}).reason, Reason::none);
  EXPECT_EQ(parse(head, {.field_count_max = 2}).reason, Reason::too_many_fields);
}

TEST(RequestLimits, FieldCountNeverExceedsTheList) {
  for (const std::size_t count : {kFieldCountCeiling - 1, kFieldCountCeiling}) {
    std::string head = "GET / HTTP/1.1\r\nHost: a\r\n";
    for (std::size_t i = 0; i < count; ++i)
      head += "X: y\r\n";
    head += "\r\n";
    const bool fits = count < kFieldCountCeiling;  // Host is one line more
    EXPECT_EQ(parse(head, {.field_count_max = 100'000}).reason,
              fits ? Reason::none : Reason::too_many_fields);
  }
}

TEST(RequestParser, RefusesWhatIsNoWholeHead) {
  EXPECT_EQ(parse("", {}).reason, Reason::bad_field);
  EXPECT_EQ(parse("\r\n\r\n", {}).reason, Reason::bad_request_line);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\n", {}).reason, Reason::bad_field);
  EXPECT_EQ(parse("GET / HTTP/1.1\nHost: a\r\n\r\n", {}).reason, Reason::bad_request_line);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\n\r\n\r\n", {}).reason, Reason::bad_field);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\rX: y\r\n\r\n", {}).reason, Reason::bad_field);
  EXPECT_EQ(parse("GET / HTTP/1.1\r\nHost: a\r\n\rX: y\r\n\r\n", {}).reason, Reason::bad_field);
}

}  // namespace
}  // namespace ravelin::gateway::http1
