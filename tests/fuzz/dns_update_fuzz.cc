// What name servers answer to dynamic updates, and key files: any bytes are a message, a key, or an
// error. The first byte chooses which.
#include "base/check.h"
#include "certs/dns/tsig.h"
#include "certs/dns/zone_answer.h"

#include <cstddef>
#include <cstdint>

namespace {

using namespace ravelin::certs::dns;

constexpr std::size_t kNameMax = 253;

void check_section(const std::vector<Record>& records, std::size_t bytes) {
  constexpr std::size_t kRecordBytesMin = 11;
  CHECK(records.size() <= bytes / kRecordBytesMin);
  for (const Record& record : records) {
    CHECK(record.name.size() <= kNameMax && record.target.size() <= kNameMax);
    CHECK(encode_name(record.name) && encode_name(record.target));
    CHECK(txt_of(record.data).size() <= record.data.size());
  }
}

void check_message(std::string_view bytes) {
  const auto message = parse_message(bytes);
  if (!message) return;
  for (const auto* section : {&message->answers, &message->authorities, &message->additionals})
    check_section(*section, bytes.size());
  CHECK(alias_in(*message, "a.test").size() <= kNameMax);
  if (const auto zone = zone_in(*message, "a.test"); zone)
    CHECK(zone->empty() || std::string_view("a.test").ends_with(*zone));
  const auto properties = caa_in(*message);
  CHECK(properties.size() <= message->answers.size());
  CHECK(caa_refusal({}, {}, false).empty());
  static_cast<void>(caa_refusal(properties, {"ca.test"}, true).empty());
  // Nobody can sign without the secret.
  const TsigKey key("acme", TsigAlgorithm::hmac_sha256, "a secret that is not in the corpus");
  CHECK(!check_answer(bytes, *message, key, "mac", std::chrono::sys_seconds()));
}

void check_key(std::string_view text) {
  const auto key = parse_tsig_key(text);
  if (!key) return;
  CHECK(!key->name.empty() && !key->secret.empty());
  CHECK(sign(*encode_question(1, "a.test", Type::soa), *key, std::chrono::sys_seconds()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);
  if (data[0] % 2 == 0)
    check_message(bytes);
  else
    check_key(bytes);
  return 0;
}
