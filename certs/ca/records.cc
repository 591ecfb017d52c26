#include "certs/ca/records.h"

#include "base/text.h"
#include "base/utc.h"

#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace ravelin::certs {
namespace {

namespace json = boost::json;
using base::Errc;
using base::fail;

constexpr std::pair<RevocationReason, std::string_view> kReasons[] = {
    {RevocationReason::unspecified, "unspecified"},
    {RevocationReason::key_compromise, "key-compromise"},
    {RevocationReason::affiliation_changed, "affiliation-changed"},
    {RevocationReason::superseded, "superseded"},
    {RevocationReason::cessation_of_operation, "cessation-of-operation"},
    {RevocationReason::privilege_withdrawn, "privilege-withdrawn"}};

// Reads members one after the other and remembers the first that is missing or of another kind.
class Reader {
 public:
  explicit Reader(std::string_view line) {
    boost::system::error_code error;
    value_ = json::parse({line.data(), line.size()}, error);
    if (error || !value_.is_object()) wrong_ = "not a JSON object";
  }

  std::string text(std::string_view key) {
    const json::value* value = member(key);
    if (value != nullptr && value->is_string()) return std::string(value->get_string());
    return miss(key), std::string();
  }

  sys_seconds time(std::string_view key) {
    const auto time = base::parse_utc(text(key));
    if (!time) miss(key);
    return time.value_or(sys_seconds{});
  }

  std::vector<std::string> texts(std::string_view key) {
    const json::value* value = member(key);
    std::vector<std::string> list;
    if (value == nullptr || !value->is_array()) return miss(key), list;
    for (const json::value& item : value->get_array()) {
      if (!item.is_string()) return miss(key), list;
      list.emplace_back(item.get_string());
    }
    return list;
  }

  void miss(std::string_view key) {
    if (wrong_.empty()) wrong_ = fmt::format("{}: missing or damaged", key);
  }

  template <class Record>
  Result<Record> finish(Record record) {
    if (!wrong_.empty()) return fail(Errc::invalid, "{}", wrong_);
    return record;
  }

 private:
  const json::value* member(std::string_view key) {
    return wrong_.empty() ? value_.get_object().if_contains({key.data(), key.size()}) : nullptr;
  }

  json::value value_;
  std::string wrong_;
};

bool is_serial(std::string_view text) {
  return !text.empty() && text.size() <= 40 && std::ranges::all_of(text, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
  });
}

}  // namespace

std::string_view text_of(RevocationReason reason) {
  for (const auto& [value, text] : kReasons) {
    if (value == reason) return text;
  }
  return kReasons[0].second;
}

Result<RevocationReason> parse_revocation_reason(std::string_view text) {
  std::string known;
  for (const auto& [value, name] : kReasons) {
    if (name == text) return value;
    known += (known.empty() ? "" : ", ") + std::string(name);
  }
  return fail(Errc::invalid, "\"{}\" is no reason for a revocation ({})", text, known);
}

std::string format_record(const IssuedRecord& record) {
  json::object object;
  object["serial"] = record.serial;
  object["names"] = json::value_from(record.names);
  object["profile"] = record.profile;
  object["issued_at"] = base::utc_text(record.issued_at);
  object["not_after"] = base::utc_text(record.not_after);
  object["issuer"] = record.issuer;
  object["key"] = record.key;
  object["order"] = record.order;
  return json::serialize(object);
}

std::string format_record(const RevokedRecord& record) {
  json::object object;
  object["serial"] = record.serial;
  object["reason"] = json::string(text_of(record.reason));
  object["revoked_at"] = base::utc_text(record.revoked_at);
  object["not_after"] = base::utc_text(record.not_after);
  object["issuer"] = record.issuer;
  object["key"] = record.key;
  return json::serialize(object);
}

Result<IssuedRecord> parse_issued(std::string_view line) {
  Reader reader(line);
  IssuedRecord record;
  record.serial = reader.text("serial");
  record.names = reader.texts("names");
  record.profile = reader.text("profile");
  record.issued_at = reader.time("issued_at");
  record.not_after = reader.time("not_after");
  record.issuer = reader.text("issuer");
  record.key = reader.text("key");
  record.order = reader.text("order");
  if (!is_serial(record.serial)) reader.miss("serial");
  return reader.finish(std::move(record));
}

Result<RevokedRecord> parse_revoked(std::string_view line) {
  Reader reader(line);
  RevokedRecord record;
  record.serial = reader.text("serial");
  const auto reason = parse_revocation_reason(reader.text("reason"));
  if (!reason) reader.miss("reason");
  record.reason = reason ? *reason : RevocationReason::unspecified;
  record.revoked_at = reader.time("revoked_at");
  record.not_after = reader.time("not_after");
  record.issuer = reader.text("issuer");
  record.key = reader.text("key");
  if (!is_serial(record.serial)) reader.miss("serial");
  return reader.finish(std::move(record));
}

}  // namespace ravelin::certs
