#include "certs/dns/message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs::dns {
namespace {

using base::Errc;
using namespace std::string_literals;

// A head with its counts of questions, answers, authorities, additionals.
std::string head(std::uint16_t flags, std::uint16_t questions, std::uint16_t answers,
                 std::uint16_t authorities = 0, std::uint16_t additionals = 0) {
  std::string out;
  put16(out, 0x1234);
  for (const std::uint16_t value : {flags, questions, answers, authorities, additionals})
    put16(out, value);
  return out;
}

std::string record(const std::string& name, Type type, const std::string& data,
                   std::uint32_t ttl = 60) {
  std::string out = name;
  put16(out, static_cast<std::uint16_t>(type));
  put16(out, static_cast<std::uint16_t>(Class::in));
  put32(out, ttl);
  put16(out, static_cast<std::uint16_t>(data.size()));
  return out + data;
}

const std::string kQuestion = "\3www\7Example\4test\0\0\x10\0\1"s;
const std::string kBack = "\xc0\x0c"s;  // to the question's name

TEST(DnsMessage, AQuestionIsAsTheStandardHasIt) {
  const auto question = encode_question(0x1234, "www.Example.test", Type::caa);
  ASSERT_TRUE(question);
  EXPECT_EQ(*question, "\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\7example\4test\0\1\1\0\1"s);
  const auto read = parse_message(*question);
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->is_answer);
}

TEST(DnsMessage, AnUpdateAddsAndDeletesExactlyItsRecords) {
  const std::vector<Record> changes = {{"a.test", Type::txt, Class::in, 60, encode_txt("v"), {}},
                                       {"a.test", Type::txt, Class::none, 0, encode_txt("w"), {}}};
  const auto update = encode_update(7, "test", changes);
  ASSERT_TRUE(update);
  EXPECT_EQ(*update,
            "\0\7\x28\0\0\1\0\0\0\2\0\0"
            "\4test\0\0\6\0\1"
            "\1a\4test\0\0\x10\0\1\0\0\0\x3c\0\2\1v"
            "\1a\4test\0\0\x10\0\xfe\0\0\0\0\0\2\1w"s);
}

TEST(DnsMessage, AnswersAreReadWithTheirPointers) {
  const std::string cname = "\3end"s + "\xc0\x10"s;  // www.example.test -> end.example.test
  const auto read =
      parse_message(head(0x8403, 1, 2, 1) + kQuestion + record(kBack, Type::cname, cname) +
                    record("\3END\xc0\x10"s, Type::txt, "\3one\3two") +
                    record("\xc0\x10"s, Type::soa, "whatever", 5));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_TRUE(read->is_answer);
  EXPECT_TRUE(read->is_authoritative);
  EXPECT_EQ(read->code, Code::no_such_name);
  ASSERT_EQ(read->answers.size(), 2U);
  EXPECT_EQ(read->answers[0].name, "www.example.test");
  EXPECT_EQ(read->answers[0].target, "end.example.test");
  EXPECT_EQ(read->answers[1].name, "end.example.test");
  EXPECT_EQ(txt_of(read->answers[1].data), "onetwo");
  ASSERT_EQ(read->authorities.size(), 1U);
  EXPECT_EQ(read->authorities[0].name, "example.test");
  EXPECT_EQ(read->authorities[0].ttl_s, 5U);
  EXPECT_EQ(read->last_record, 0U);
}

struct Damaged {
  const char* title;
  std::string bytes;
  const char* why;
};

TEST(DnsMessage, WhatIsNoMessageIsRefused) {
  const std::string txt = record(kBack, Type::txt, "\1v");
  const std::string good = head(0x8400, 1, 1) + kQuestion + txt;
  ASSERT_TRUE(parse_message(good));
  const Damaged rows[] = {
      {"Empty", "", "too short"},
      {"HalfAHead", good.substr(0, 11), "too short"},
      {"CutOff", good.substr(0, good.size() - 1), "cut off"},
      {"Behind", good + "x", "stands behind"},
      {"ManyRecords", head(0x8400, 1, 0xffff) + kQuestion + txt, "promises more"},
      {"ManyQuestions", head(0x8400, 0xffff, 0) + kQuestion, "cut off"},
      {"OneMore", head(0x8400, 1, 2) + kQuestion + txt, "promises more"},
      {"ItsOwnPointer", head(0x8400, 1, 0) + "\xc0\x0c\0\x10\0\1"s, "points forward"},
      {"PointerForward", head(0x8400, 1, 0) + "\xc0\x20\0\x10\0\1"s, "points forward"},
      {"Circle", head(0x8400, 1, 0) + "\1a\xc0\x0c\0\x10\0\1"s, "too long"},
      {"CutPointer", head(0x8400, 1, 0) + "\xc0"s, "cut off"},
      {"OtherLabel", head(0x8400, 1, 0) + "\x80" + "a\0\0\x10\0\1"s, "another kind"},
      {"Binary", head(0x8400, 1, 0) + "\1\xff\0\0\x10\0\1"s, "not a text"},
      {"DotInALabel", head(0x8400, 1, 0) + "\3a.b\0\0\x10\0\1"s, "not a text"},
      {"LongName",
       head(0x8400, 1, 0) + "\x3f"s + std::string(63, 'a') + "\x3f"s + std::string(63, 'a') +
           "\x3f"s + std::string(63, 'a') + "\x3f"s + std::string(63, 'a') + "\0\0\x10\0\1"s,
       "too long"},
      {"TargetTooShort", head(0x8400, 1, 1) + kQuestion + record(kBack, Type::cname, "\1a\0x"s),
       "does not fit"},
  };
  for (const Damaged& row : rows) {
    const auto read = parse_message(row.bytes);
    ASSERT_FALSE(read) << row.title;
    EXPECT_EQ(read.error().code, Errc::protocol) << row.title;
    EXPECT_THAT(read.error().message, testing::HasSubstr(row.why)) << row.title;
  }
}

TEST(DnsMessage, NamesHaveTheirLimits) {
  EXPECT_TRUE(encode_name(""));
  EXPECT_TRUE(encode_name(std::string(63, 'a') + ".test"));
  for (const std::string& name : {"a..b"s, ".a"s, std::string(64, 'a'), "a b"s, "a\0b"s})
    EXPECT_FALSE(encode_name(name)) << name;
  std::string longest;
  for (int i = 0; i < 127; ++i)
    longest += i == 0 ? "a" : ".a";
  EXPECT_TRUE(encode_name(longest));
  EXPECT_FALSE(encode_name(longest + ".a"));
}

TEST(DnsMessage, TextsThatAreCutShortAreNoTrouble) {
  EXPECT_EQ(txt_of(""), "");
  EXPECT_EQ(txt_of("\0"s), "");
  EXPECT_EQ(txt_of("\5ab"s), "ab");
  EXPECT_EQ(encode_txt(std::string(300, 'x')).size(), 256U);
}

}  // namespace
}  // namespace ravelin::certs::dns
