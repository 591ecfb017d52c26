#include "certs/dns/tsig.h"

#include "base/text.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>

namespace ravelin::certs::dns {
namespace {

using base::Errc;
using base::fail;

constexpr std::uint16_t kFudgeSeconds = 300;
constexpr std::size_t kArCountAt = 10;  // of the head

const EVP_MD* digest_of(TsigAlgorithm algorithm) {
  switch (algorithm) {
    case TsigAlgorithm::hmac_sha256:
      return EVP_sha256();
    case TsigAlgorithm::hmac_sha384:
      return EVP_sha384();
    case TsigAlgorithm::hmac_sha512:
      return EVP_sha512();
  }
  return EVP_sha256();
}

std::string hmac(const TsigKey& key, std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned size = 0;
  HMAC(digest_of(key.algorithm), key.secret.data(), static_cast<int>(key.secret.size()),
       reinterpret_cast<const unsigned char*>(text.data()), text.size(), out.data(), &size);
  return {reinterpret_cast<const char*>(out.data()), size};
}

// What a TSIG record says, but for the key's name.
struct Tsig {
  std::string algorithm;
  std::uint64_t time = 0;  // seconds, 48 bits
  std::uint16_t fudge = kFudgeSeconds;
  std::string mac;
  std::uint16_t original_id = 0;
  Code error = Code::no_error;
  std::string other;
};

void put48(std::string& out, std::uint64_t value) {
  put16(out, static_cast<std::uint16_t>(value >> 32U));
  put32(out, static_cast<std::uint32_t>(value));
}

std::uint64_t get48(std::string_view bytes, std::size_t at) {
  return (std::uint64_t{get16(bytes, at)} << 32U) | get32(bytes, at + 2);
}

// What of the record the signature covers (RFC 8945 section 4.3.3).
Result<std::string> variables(const TsigKey& key, const Tsig& tsig) {
  auto out = encode_name(key.name);
  const auto algorithm = encode_name(text_of(key.algorithm));
  if (!out || !algorithm)
    return fail(Errc::invalid, "key \"{}\": its name is none of DNS", key.name);
  put16(*out, static_cast<std::uint16_t>(Class::any));
  put32(*out, 0);
  *out += *algorithm;
  put48(*out, tsig.time);
  put16(*out, tsig.fudge);
  put16(*out, static_cast<std::uint16_t>(tsig.error));
  put16(*out, static_cast<std::uint16_t>(tsig.other.size()));
  *out += tsig.other;
  return out;
}

Result<Tsig> parse_tsig(std::string_view data) {
  const auto damaged = [] {
    return fail(Errc::protocol, "the name server's signature (TSIG) is damaged");
  };
  Tsig tsig;
  std::size_t at = 0;
  auto algorithm = read_name(data, at);
  if (!algorithm || data.size() - at < 10) return damaged();
  tsig.algorithm = std::move(*algorithm);
  tsig.time = get48(data, at);
  tsig.fudge = get16(data, at + 6);
  const std::size_t mac_size = get16(data, at + 8);
  at += 10;
  if (data.size() - at < mac_size + 6) return damaged();
  tsig.mac = data.substr(at, mac_size);
  at += mac_size;
  tsig.original_id = get16(data, at);
  tsig.error = static_cast<Code>(get16(data, at + 2));
  const std::size_t other_size = get16(data, at + 4);
  at += 6;
  if (data.size() - at != other_size) return damaged();
  tsig.other = data.substr(at);
  return tsig;
}

base::Error key_refused(const TsigKey& key, Code error) {
  if (error == Code::bad_key)
    return fail(Errc::denied,
                "the name server has no key \"{}\" for {} (BADKEY): name and algorithm have to be "
                "as it has them",
                key.name, text_of(key.algorithm));
  return fail(Errc::denied, "the name server has another secret for key \"{}\" (BADSIG)", key.name);
}

base::Error clocks_differ(std::uint64_t theirs, sys_seconds now) {
  const auto difference =
      static_cast<std::int64_t>(theirs) - static_cast<std::int64_t>(now.time_since_epoch().count());
  return fail(Errc::denied,
              "this clock is {} s {} the name server's, more than the {} s a signature allows "
              "(BADTIME): set the clocks",
              difference < 0 ? -difference : difference, difference < 0 ? "ahead of" : "behind",
              kFudgeSeconds);
}

// The message as it was signed: without the record, and counted so.
std::string without_tsig(std::string_view bytes, const Message& answer, const Tsig& tsig) {
  std::string text(bytes.substr(0, answer.last_record));
  std::string count;
  put16(count, static_cast<std::uint16_t>(answer.additionals.size() - 1));
  text.replace(kArCountAt, 2, count);
  std::string id;
  put16(id, tsig.original_id);
  text.replace(0, 2, id);
  return text;
}

}  // namespace

TsigKey::TsigKey(std::string its_name, TsigAlgorithm its_algorithm, std::string its_secret)
    : name(std::move(its_name)), algorithm(its_algorithm), secret(std::move(its_secret)) {}

TsigKey::~TsigKey() {
  OPENSSL_cleanse(secret.data(), secret.size());
}

Result<SignedMessage> sign(std::string message, const TsigKey& key, sys_seconds now) {
  Tsig tsig{.time = static_cast<std::uint64_t>(now.time_since_epoch().count()),
            .original_id = get16(message, 0)};
  const auto covered = variables(key, tsig);
  if (!covered) return covered.error();
  tsig.mac = hmac(key, message + *covered);
  const auto name = encode_name(key.name);
  auto data = encode_name(text_of(key.algorithm));
  if (!name || !data) return !name ? name.error() : data.error();
  put48(*data, tsig.time);
  put16(*data, tsig.fudge);
  put16(*data, static_cast<std::uint16_t>(tsig.mac.size()));
  *data += tsig.mac;
  put16(*data, tsig.original_id);
  put16(*data, 0);
  put16(*data, 0);
  message += *name;
  put16(message, static_cast<std::uint16_t>(Type::tsig));
  put16(message, static_cast<std::uint16_t>(Class::any));
  put32(message, 0);
  put16(message, static_cast<std::uint16_t>(data->size()));
  message += *data;
  std::string count;
  put16(count, static_cast<std::uint16_t>(get16(message, kArCountAt) + 1));
  message.replace(kArCountAt, 2, count);
  return SignedMessage{std::move(message), std::move(tsig.mac)};
}

Result<> check_answer(std::string_view bytes, const Message& answer, const TsigKey& key,
                      std::string_view request_mac, sys_seconds now) {
  if (answer.additionals.empty() || answer.additionals.back().type != Type::tsig)
    return fail(Errc::denied, "the name server's answer ({}) is not signed", text_of(answer.code));
  const Record& record = answer.additionals.back();
  if (record.in_class != Class::any || record.ttl_s != 0)
    return fail(Errc::protocol, "the name server's signature (TSIG) is damaged");
  const auto tsig = parse_tsig(record.data);
  if (!tsig) return tsig.error();
  // What says so cannot be signed with a key the two do not share.
  if (tsig->error == Code::bad_key || tsig->error == Code::bad_signature)
    return key_refused(key, tsig->error);
  if (record.name != base::to_lower(key.name) || tsig->algorithm != text_of(key.algorithm))
    return fail(Errc::denied, "the name server has signed with another key than \"{}\"", key.name);
  const auto covered = variables(key, *tsig);
  if (!covered) return covered.error();
  std::string text;
  put16(text, static_cast<std::uint16_t>(request_mac.size()));
  text += request_mac;
  text += without_tsig(bytes, answer, *tsig);
  text += *covered;
  const std::string mac = hmac(key, text);
  if (mac.size() != tsig->mac.size() ||
      CRYPTO_memcmp(mac.data(), tsig->mac.data(), mac.size()) != 0)
    return fail(Errc::denied, "the signature of the name server's answer is wrong");
  constexpr std::size_t kTimeBytes = 6;
  if (tsig->error == Code::bad_time)
    return clocks_differ(tsig->other.size() == kTimeBytes ? get48(tsig->other, 0) : tsig->time,
                         now);
  if (tsig->error != Code::no_error)
    return fail(Errc::denied, "the name server refuses the signature: {}", text_of(tsig->error));
  const auto seconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
  const std::uint64_t apart = seconds > tsig->time ? seconds - tsig->time : tsig->time - seconds;
  if (apart > kFudgeSeconds) return clocks_differ(tsig->time, now);
  return {};
}

}  // namespace ravelin::certs::dns
