#include "certs/store/generation.h"

#include "base/text.h"
#include "certs/store/json_members.h"

#include <openssl/crypto.h>

#include <algorithm>

namespace ravelin::certs {

namespace json = boost::json;
using base::Errc;

namespace {

json::object facts_json(const PairFacts& facts) {
  return {{"key", facts.key},
          {"serial", facts.serial},
          {"issuer_name", facts.issuer_name},
          {"spki_sha256", facts.spki_sha256},
          {"not_before", facts.not_before.time_since_epoch().count()},
          {"not_after", facts.not_after.time_since_epoch().count()},
          {"order", facts.order}};
}

Result<PairFacts> parse_facts(const json::object& object) {
  JsonMembers members(object, "the record of a certificate");
  PairFacts facts;
  facts.key = members.text("key");
  facts.serial = members.text("serial");
  facts.issuer_name = members.text("issuer_name");
  facts.spki_sha256 = members.text("spki_sha256");
  facts.not_before = members.time("not_before");
  facts.not_after = members.time("not_after");
  facts.order = members.text("order");
  if (auto whole = members.whole(); !whole) return whole.error();
  return facts;
}

}  // namespace

sys_seconds GenerationInfo::not_after() const {
  sys_seconds end = sys_seconds::max();
  for (const PairSlot slot : kPairSlots)
    if (facts(slot)) end = std::min(end, facts(slot)->not_after);
  return end;
}

sys_seconds GenerationInfo::not_before() const {
  sys_seconds start = sys_seconds::min();
  for (const PairSlot slot : kPairSlots)
    if (facts(slot)) start = std::max(start, facts(slot)->not_before);
  return start;
}

std::string format_generation(const GenerationInfo& info) {
  json::object object;
  object["number"] = info.number;
  object["names"] = json::array(info.names.begin(), info.names.end());
  object["issuer"] = info.issuer;
  object["reason"] = info.reason;
  object["by"] = info.by;
  object["node"] = info.node;
  object["made"] = info.made.time_since_epoch().count();
  for (const PairSlot slot : kPairSlots)
    if (info.facts(slot)) object[text_of(slot)] = facts_json(*info.facts(slot));
  return json::serialize(object) + "\n";
}

Result<GenerationInfo> parse_generation(std::string_view text) {
  auto members = JsonMembers::parse(text, "the record of a generation");
  if (!members) return members.error();
  GenerationInfo info;
  info.number = members->number("number");
  info.names = members->texts("names");
  info.issuer = members->text("issuer");
  info.reason = members->text("reason");
  info.by = members->text("by");
  info.node = members->text("node");
  info.made = members->time("made");
  for (const PairSlot slot : kPairSlots) {
    if (!members->has(text_of(slot))) continue;
    const json::object* object = members->object(text_of(slot));
    if (object == nullptr) break;
    auto facts = parse_facts(*object);
    if (!facts) return facts.error();
    info.facts(slot) = std::move(*facts);
  }
  if (auto whole = members->whole(); !whole) return whole.error();
  if (info.number == 0 || info.names.empty() || (!info.ec && !info.rsa))
    return base::fail(Errc::invalid,
                      "the record of a generation lacks its number, names or certificates");
  return info;
}

PairTexts::PairTexts(std::string chain_pem, std::string key_pem)
    : chain(std::move(chain_pem)), key(std::move(key_pem)) {}

PairTexts::~PairTexts() {
  OPENSSL_cleanse(key.data(), key.size());
}

std::string number_text(std::uint64_t number) {
  return fmt::format("{:06}", number);
}

Result<std::uint64_t> parse_number(std::string_view text) {
  auto number = base::parse_u64(text);
  if (!number || *number == 0 || number_text(*number) != text)
    return base::fail(Errc::invalid, "\"{}\" is not the number of a generation", text);
  return *number;
}

}  // namespace ravelin::certs
