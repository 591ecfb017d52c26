#include "certs/dns/tsig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace ravelin::certs::dns {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using base::Errc;
using testing::HasSubstr;

constexpr sys_seconds kNow = std::chrono::sys_days(std::chrono::year(2026) / 3 / 2) + 12h;
const TsigKey kKey("acme", TsigAlgorithm::hmac_sha256, "0123456789abcdef0123456789abcdef");
const std::string kKeyName = "\4acme\0"s;
const std::string kAlgorithm = "\x0bhmac-sha256\0"s;

std::string hmac(const std::string& secret, const std::string& text) {
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &size);
  return {reinterpret_cast<const char*>(out), size};
}

std::string time_bytes(sys_seconds time) {
  std::string out(2, '\0');
  put32(out, static_cast<std::uint32_t>(time.time_since_epoch().count()));
  return out;
}

// What a name server answers, put together as RFC 8945 says and by nothing else.
struct Answerer {
  std::string request_mac;
  std::string secret = kKey.secret;
  std::string key_name = kKeyName;
  std::string algorithm = kAlgorithm;
  sys_seconds time = kNow;
  Code code = Code::no_error;
  Code error = Code::no_error;
  std::string other{};
  bool is_signed = true;

  [[nodiscard]] std::string answer() const {
    std::string message;
    put16(message, 0x1234);
    put16(message, static_cast<std::uint16_t>(0xa800U + static_cast<unsigned>(code)));
    message += std::string(8, '\0');
    std::string tail;  // of what is covered: error and other data
    put16(tail, static_cast<std::uint16_t>(error));
    put16(tail, static_cast<std::uint16_t>(other.size()));
    tail += other;
    const std::string when = time_bytes(time) + "\1\x2c"s;
    std::string covered;
    put16(covered, static_cast<std::uint16_t>(request_mac.size()));
    covered += request_mac + message + key_name + "\0\xff\0\0\0\0"s + algorithm + when + tail;
    const std::string mac = is_signed ? hmac(secret, covered) : "";
    std::string data = algorithm + when;
    put16(data, static_cast<std::uint16_t>(mac.size()));
    data += mac + "\x12\x34"s + tail;
    message.replace(10, 2, "\0\1"s);
    message += key_name + "\0\xfa\0\xff\0\0\0\0"s;
    put16(message, static_cast<std::uint16_t>(data.size()));
    return message + data;
  }
};

SignedMessage request() {
  auto message = encode_update(0x1234, "test", {});
  auto done = sign(std::move(*message), kKey, kNow);
  return std::move(*done);
}

std::string why(const std::string& bytes, const SignedMessage& asked, sys_seconds now = kNow) {
  const auto message = parse_message(bytes);
  if (!message) return message.error().message;
  const auto checked = check_answer(bytes, *message, kKey, asked.mac, now);
  return checked ? "" : checked.error().message;
}

TEST(Tsig, ARequestCarriesItsSignature) {
  const SignedMessage asked = request();
  const std::string plain = *encode_update(0x1234, "test", {});
  const std::string covered =
      plain + kKeyName + "\0\xff\0\0\0\0"s + kAlgorithm + time_bytes(kNow) + "\1\x2c\0\0\0\0"s;
  EXPECT_EQ(asked.mac, hmac(kKey.secret, covered));
  const auto message = parse_message(asked.bytes);
  ASSERT_TRUE(message);
  ASSERT_EQ(message->additionals.size(), 1U);
  EXPECT_EQ(message->additionals[0].type, Type::tsig);
  EXPECT_EQ(message->additionals[0].name, "acme");
  EXPECT_EQ(asked.bytes.substr(0, 10), plain.substr(0, 10));
}

TEST(Tsig, AnAnswerOfWhoHasTheKeyIsTaken) {
  const SignedMessage asked = request();
  EXPECT_EQ(why(Answerer{asked.mac}.answer(), asked), "");
  EXPECT_EQ(why(Answerer{.request_mac = asked.mac, .code = Code::refused}.answer(), asked), "");
  EXPECT_EQ(why(Answerer{.request_mac = asked.mac, .time = kNow + 299s}.answer(), asked), "");
}

TEST(Tsig, AnyOtherIsRefusedInWords) {
  const SignedMessage asked = request();
  const std::string mac = asked.mac;

  struct Row {
    const char* title;
    Answerer answer;
    const char* why;
  };

  const Row rows[] = {
      {"OtherSecret",
       {.request_mac = mac, .secret = "other"},
       "the signature of the name server's"},
      {"ToAnotherRequest", {.request_mac = "other"}, "the signature of the name server's"},
      {"Unsigned", {.request_mac = mac, .is_signed = false}, "the signature of the name server's"},
      {"OtherKey", {.request_mac = mac, .key_name = "\5other\0"s}, "with another key"},
      {"OtherAlgorithm",
       {.request_mac = mac, .algorithm = "\x0bhmac-sha512\0"s},
       "with another key"},
      {"BadKey",
       {.request_mac = mac,
        .code = Code::not_authoritative,
        .error = Code::bad_key,
        .is_signed = false},
       "has no key \"acme\" for hmac-sha256 (BADKEY)"},
      {"BadSignature",
       {.request_mac = mac,
        .code = Code::not_authoritative,
        .error = Code::bad_signature,
        .is_signed = false},
       "has another secret for key \"acme\" (BADSIG)"},
      {"BadTime",
       {.request_mac = mac,
        .code = Code::not_authoritative,
        .error = Code::bad_time,
        .other = time_bytes(kNow + 1000s)},
       "this clock is 1000 s behind the name server's"},
      {"BadTimeUnsigned",
       {.request_mac = mac,
        .code = Code::not_authoritative,
        .error = Code::bad_time,
        .other = time_bytes(kNow + 1000s),
        .is_signed = false},
       "the signature of the name server's"},
      {"LongAgo",
       {.request_mac = mac, .time = kNow - 301s},
       "this clock is 301 s ahead of the name server's"},
  };
  for (const Row& row : rows)
    EXPECT_THAT(why(row.answer.answer(), asked), HasSubstr(row.why)) << row.title;
  const std::string bare = "\x12\x34\xa8\0\0\0\0\0\0\0\0\0"s;
  EXPECT_EQ(why(bare, asked), "the name server's answer (NOERROR) is not signed");
}

TEST(Tsig, DamageIsAnErrorAtEveryByte) {
  const SignedMessage asked = request();
  const std::string good = Answerer{asked.mac}.answer();
  for (std::size_t i = 0; i < good.size(); ++i) {
    EXPECT_NE(why(good.substr(0, i), asked), "") << i;
    std::string changed = good;
    changed[i] = static_cast<char>(changed[i] ^ 0x21);
    // The transaction's number is covered as the record has it; the exchange itself compares it.
    const bool is_number = i < 2;
    if (!is_number) EXPECT_NE(why(changed, asked), "") << i;
  }
}

}  // namespace
}  // namespace ravelin::certs::dns
