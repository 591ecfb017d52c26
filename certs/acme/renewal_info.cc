#include "certs/acme/renewal_info.h"

#include "base/utc.h"
#include "certs/acme/fields.h"
#include "certs/issuer/base64url.h"

#include <openssl/x509v3.h>

namespace ravelin::certs::acme {
namespace {

using base::Errc;
using base::fail;

// What a WallTime can hold, and then some: it counts nanoseconds.
constexpr std::chrono::sys_seconds kTimeMin{std::chrono::sys_days(std::chrono::year(1970) / 1 / 2)};
constexpr std::chrono::sys_seconds kTimeMax{std::chrono::sys_days(std::chrono::year(2200) / 1 / 1)};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

int two_digits(std::string_view text, std::size_t at) {
  return (text[at] - '0') * 10 + (text[at + 1] - '0');
}

// "Z", "+01:00", "-08:30" as minutes.
std::optional<std::chrono::minutes> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return std::chrono::minutes(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  for (const std::size_t at : {1U, 2U, 4U, 5U})
    if (!is_digit(text[at])) return std::nullopt;
  const int hours = two_digits(text, 1);
  const int minutes = two_digits(text, 4);
  if (hours > 23 || minutes > 59) return std::nullopt;
  const std::chrono::minutes offset(hours * 60 + minutes);
  return text[0] == '-' ? -offset : offset;
}

}  // namespace

Result<std::string> certificate_id(X509* leaf) {
  const ASN1_OCTET_STRING* authority = X509_get0_authority_key_id(leaf);
  if (authority == nullptr)
    return fail(Errc::invalid, "the certificate does not name the key of its issuer");
  // The serial number as its DER content: a leading zero byte where the first bit is set.
  const ASN1_INTEGER* serial = X509_get0_serialNumber(leaf);
  std::string der(reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
                  static_cast<std::size_t>(ASN1_STRING_length(serial)));
  if (der.empty() || (static_cast<unsigned char>(der.front()) & 0x80U) != 0) der.insert(0, 1, '\0');
  return to_base64url({reinterpret_cast<const char*>(ASN1_STRING_get0_data(authority)),
                       static_cast<std::size_t>(ASN1_STRING_length(authority))}) +
         "." + to_base64url(der);
}

Result<base::WallTime> parse_time(std::string_view text) {
  const auto refuse = [] {
    return fail(Errc::protocol, "is not a time like 2026-11-24T12:00:00Z");
  };
  if (text.size() < base::kUtcSecondsLength + 1 || text.size() > 64) return refuse();
  std::string seconds(text.substr(0, base::kUtcSecondsLength));
  if (seconds[10] == 't') seconds[10] = 'T';
  const auto time = base::parse_utc(seconds + "Z");
  std::string_view rest = text.substr(base::kUtcSecondsLength);
  if (rest.front() == '.') {
    std::size_t digits = 1;
    while (digits < rest.size() && is_digit(rest[digits]))
      ++digits;
    if (digits == 1) return refuse();
    rest.remove_prefix(digits);
  }
  const auto offset = parse_offset(rest);
  if (!time || !offset) return refuse();
  if (*time < kTimeMin || *time > kTimeMax) return refuse();
  return base::WallTime(*time - *offset);
}

Result<RenewalWindow> parse_renewal_info(std::string_view text) {
  const auto object = parse_object(text, "renewal information");
  if (!object) return object.error();
  Fields fields(*object, "renewal information");
  Fields window(fields.object("suggestedWindow"), "renewal information: suggestedWindow");
  if (fields.error()) return *fields.error();
  const auto start = parse_time(window.text("start"));
  const auto end = parse_time(window.text("end"));
  RenewalWindow renewal;
  renewal.explanation = fields.optional_text("explanationURL", kUrlBytesMax);
  if (window.error()) return *window.error();
  if (fields.error()) return *fields.error();
  if (!start) return base::wrap(start.error(), "renewal information: start");
  if (!end) return base::wrap(end.error(), "renewal information: end");
  if (*end <= *start)
    return fail(Errc::protocol, "renewal information: the window ends before it starts");
  renewal.start = *start;
  renewal.end = *end;
  return renewal;
}

}  // namespace ravelin::certs::acme
