#include "gateway/observe/access_record.h"

#include <boost/json.hpp>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

using std::chrono::microseconds;

const base::WallTime kTime =
    base::WallTime(std::chrono::milliseconds(1795519245123));  // 2026-11-24T11:20:45.123Z

std::string line_of(const AccessRecord& record) {
  std::vector<char> out(kAccessLineBytesMax);
  base::UtcText clock;
  const std::size_t length = format_access_record(record, clock, out, AccessFieldSet::all());
  return {out.data(), length};
}

AccessRecord small_record() {
  AccessRecord record;
  record.time = kTime;
  record.request_id = "01HF";
  record.listener = "web";
  record.client = "192.0.2.1";
  record.client_port = 50000;
  record.method = "GET";
  record.path = "/";
  record.protocol = "HTTP/1.1";
  record.status = 200;
  return record;
}

TEST(AccessRecord, WritesOnlyTheFieldsThatAreWanted) {
  AccessRecord record = small_record();
  record.peer = "10.0.0.1";
  record.peer_port = 7;
  record.tls_version = "1.3";
  record.server = "s";
  record.queue = microseconds(1);
  std::vector<char> out(kAccessLineBytesMax);
  const auto line = [&](AccessFieldSet fields) {
    base::UtcText clock;
    return std::string(out.data(), format_access_record(record, clock, out, fields));
  };
  EXPECT_EQ(line(AccessFieldSet::none()), "{\"time\":\"2026-11-24T11:20:45.123Z\"}\n");
  const boost::json::object all = boost::json::parse(line(AccessFieldSet::all())).as_object();
  for (std::size_t i = 0; i < kAccessFieldNames.size(); ++i) {
    AccessFieldSet one = AccessFieldSet::none();
    one.add(static_cast<AccessField>(i));
    const boost::json::object alone = boost::json::parse(line(one)).as_object();
    const bool is_there = all.contains(kAccessFieldNames[i]);
    EXPECT_EQ(alone.size(), is_there ? 2U : 1U) << kAccessFieldNames[i];
    EXPECT_EQ(alone.contains(kAccessFieldNames[i]), is_there) << kAccessFieldNames[i];
  }
}

TEST(AccessRecord, WritesAllOfIt) {
  AccessRecord record = small_record();
  record.route = "api";
  record.host = "www.example.com";
  record.path = "/v1/x?q=1";
  record.status = 504;
  record.reason = Reason::first_byte_timeout;
  record.detail = "server blue/10.0.0.1:80: silent";
  record.bytes_in = 12;
  record.bytes_out = 18446744073709551615U;
  record.user_agent = "curl/7.88.1";
  record.referer = "https://example.com/";
  record.tls_version = "1.3";
  record.tls_cipher = "TLS_AES_128_GCM_SHA256";
  record.sni = "www.example.com";
  record.client_subject = "CN=client";
  record.tls_resumed = true;
  record.pool = "blue";
  record.server = "10.0.0.1:80";
  record.retries = 1;
  record.upstream_reused = true;
  record.hedge = "won";
  record.user = "alice";
  record.handshake = microseconds(700);
  record.queue = microseconds(0);
  record.connect = microseconds(150);
  record.first_byte = microseconds(60'000'000);
  record.total = microseconds(60'001'000);
  EXPECT_EQ(
      line_of(record),
      R"({"time":"2026-11-24T11:20:45.123Z","id":"01HF","listener":"web","route":"api",)"
      R"("client":"192.0.2.1","client_port":50000,"user":"alice","method":"GET","host":"www.example.com",)"
      R"("path":"/v1/x?q=1","protocol":"HTTP/1.1","status":504,"reason":"first_byte_timeout",)"
      R"("detail":"server blue/10.0.0.1:80: silent",)"
      R"("bytes_in":12,"bytes_out":18446744073709551615,"user_agent":"curl/7.88.1",)"
      R"("referer":"https://example.com/","tls_version":"1.3",)"
      R"("tls_cipher":"TLS_AES_128_GCM_SHA256","sni":"www.example.com",)"
      R"("client_subject":"CN=client","tls_resumed":true,"pool":"blue","server":"10.0.0.1:80",)"
      R"("retries":1,"upstream_reused":true,"hedge":"won","handshake_us":700,"queue_us":0,"connect_us":150,)"
      R"("first_byte_us":60000000,"total_us":60001000})"
      "\n");
}

TEST(AccessRecord, LeavesOutWhatDidNotHappen) {
  EXPECT_EQ(line_of(small_record()),
            R"({"time":"2026-11-24T11:20:45.123Z","id":"01HF","listener":"web",)"
            R"("client":"192.0.2.1","client_port":50000,"method":"GET","path":"/",)"
            R"("protocol":"HTTP/1.1","status":200,"reason":"none","bytes_in":0,"bytes_out":0,)"
            R"("total_us":0})"
            "\n");
}

TEST(AccessRecord, TimeFollowsTheClockAcrossSeconds) {
  std::vector<char> out(kAccessLineBytesMax);
  base::UtcText clock;
  AccessRecord record = small_record();
  const auto time_at = [&](long long ms) {
    record.time = base::WallTime(std::chrono::milliseconds(ms));
    const std::size_t length = format_access_record(record, clock, out, AccessFieldSet::all());
    return std::string(out.data(), length).substr(9, 24);
  };
  EXPECT_EQ(time_at(1795519245999), "2026-11-24T11:20:45.999Z");
  EXPECT_EQ(time_at(1795519246000), "2026-11-24T11:20:46.000Z");
  EXPECT_EQ(time_at(1795519245001), "2026-11-24T11:20:45.001Z");
  EXPECT_EQ(time_at(951782399999), "2000-02-28T23:59:59.999Z");
  EXPECT_EQ(time_at(951782400000), "2000-02-29T00:00:00.000Z");
  EXPECT_EQ(time_at(-1), "1969-12-31T23:59:59.999Z");
}

struct TextCase {
  const char* name;
  std::string given;
  std::string parsed;  // what a JSON reader gets
};

TEST(AccessRecord, HostileTextParsesBack) {
  const TextCase cases[] = {
      {"Quote", "/\"x\\y", "/\"x\\y"},
      {"Forged", "/\",\"status\":200,\"x\":\"", "/\",\"status\":200,\"x\":\""},
      {"Lines", "/\r\n{}\n", "/\r\n{}\n"},
      {"Nul", std::string("/a\0b", 4), std::string("/a\0b", 4)},
      {"Escape", "/\x1b[2J\x7f", "/\x1b[2J\x7f"},
      {"Utf8", "/\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80", "/\xC3\xBC\xE2\x82\xAC\xF0\x9F\x98\x80"},
      {"LoneByte", "/\xFF", "/\xC3\xBF"},
      {"CutSequence", "/\xE2\x82", "/\xC3\xA2\xC2\x82"},
      {"Overlong", "/\xC0\xAF", "/\xC3\x80\xC2\xAF"},
      {"Surrogate", "/\xED\xA0\x80", "/\xC3\xAD\xC2\xA0\xC2\x80"},
      {"AboveUnicode", "/\xF4\x90\x80\x80", "/\xC3\xB4\xC2\x90\xC2\x80\xC2\x80"},
      {"C1Control", "/\xC2\x9B", "/\xC2\x9B"},
      {"PlainThenSpecial", "/abcdefghijklmno\"", "/abcdefghijklmno\""},
  };
  for (const auto& row : cases) {
    AccessRecord record = small_record();
    record.path = row.given;
    const std::string line = line_of(record);
    EXPECT_EQ(line.find_first_of(std::string("\n\r\x1b\x7f\0", 5)), line.size() - 1) << row.name;
    const auto parsed = boost::json::parse(line);
    EXPECT_EQ(std::string(parsed.at("path").as_string()), row.parsed) << row.name;
    EXPECT_EQ(parsed.at("status").as_int64(), 200) << row.name;
  }
}

TEST(AccessRecord, RandomBytesStayOneValidLine) {
  std::mt19937 random(7);
  for (int round = 0; round < 2000; ++round) {
    std::string bytes(random() % 300, '\0');
    for (char& c : bytes)
      c = static_cast<char>(random());
    AccessRecord record = small_record();
    record.path = bytes;
    record.host = bytes;
    record.user_agent = bytes;
    record.method = bytes;
    const std::string line = line_of(record);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    boost::json::error_code error;
    const auto parsed = boost::json::parse(line, error);
    ASSERT_FALSE(error) << line;
    ASSERT_EQ(parsed.at("reason").as_string(), "none");
  }
}

TEST(AccessRecord, LongTextIsCutAndSaysSo) {
  AccessRecord record = small_record();
  const std::string path(kPathBytesMax + 1, 'p');
  record.path = std::string_view(path).substr(0, kPathBytesMax);
  EXPECT_FALSE(boost::json::parse(line_of(record)).as_object().contains("truncated"));
  record.path = path;
  const auto parsed = boost::json::parse(line_of(record));
  EXPECT_EQ(parsed.at("path").as_string().size(), kPathBytesMax);
  EXPECT_TRUE(parsed.at("truncated").as_bool());
}

TEST(AccessRecord, TextIsNotCutInsideASequence) {
  AccessRecord record = small_record();
  const std::string agent = std::string(kUserAgentBytesMax - 1, 'a') + "\xE2\x82\xAC and more";
  record.user_agent = agent;
  const auto parsed = boost::json::parse(line_of(record));
  EXPECT_EQ(std::string(parsed.at("user_agent").as_string()),
            std::string(kUserAgentBytesMax - 1, 'a'));
}

TEST(AccessRecord, WorstCaseFitsItsBound) {
  const std::string worst(5000, '\x01');
  AccessRecord record = small_record();
  for (std::string_view* text :
       {&record.request_id, &record.listener, &record.route, &record.client, &record.method,
        &record.host, &record.path, &record.protocol, &record.user_agent, &record.referer,
        &record.tls_version, &record.tls_cipher, &record.sni, &record.client_subject, &record.pool,
        &record.server}) {
    *text = worst;
  }
  record.bytes_in = record.bytes_out = UINT64_MAX;
  record.retries = UINT32_MAX;
  for (microseconds* time :
       {&record.handshake, &record.queue, &record.connect, &record.first_byte, &record.total}) {
    *time = microseconds::max();
  }
  const std::string line = line_of(record);
  EXPECT_LE(line.size(), kAccessLineBytesMax);
  EXPECT_TRUE(boost::json::parse(line).at("truncated").as_bool());
}

}  // namespace
}  // namespace ravelin::gateway
