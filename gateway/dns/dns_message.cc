#include "gateway/dns/dns_message.h"

#include "base/text.h"

#include <algorithm>
#include <map>
#include <optional>

namespace ravelin::gateway {

using base::Errc;
using base::fail;
using base::IpAddress;
using base::Result;

namespace {

constexpr std::size_t kHeaderBytes = 12;
constexpr std::size_t kNameBytesMax = 255;  // as on the wire: RFC 1035 section 3.1
constexpr std::uint16_t kClassInternet = 1;
constexpr std::uint16_t kTypeCname = 5;
constexpr char kOddByte = '?';  // stands in a name for what is in no host's name

bool is_host_char(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
}

// Reads forward through a message; once something does not fit, it fails for good.
class Reader {
 public:
  explicit Reader(std::span<const std::uint8_t> message) : message_(message) {}

  [[nodiscard]] bool failed() const { return failed_; }

  [[nodiscard]] std::size_t position() const { return at_; }

  std::uint16_t u16() {
    const auto bytes = take(2);
    return failed_ ? std::uint16_t{0}
                   : static_cast<std::uint16_t>(unsigned{bytes[0]} << 8 | bytes[1]);
  }

  std::uint32_t u32() {
    const std::uint32_t high = u16();
    return high << 16 | u16();
  }

  std::span<const std::uint8_t> take(std::size_t count) {
    if (failed_ || message_.size() - at_ < count) {
      failed_ = true;
      return {};
    }
    at_ += count;
    return message_.subspan(at_ - count, count);
  }

  // In lower case, labels with dots between them, no dot at the end. A pointer leads backwards only
  // (RFC 1035 section 4.1.4: to a prior occurrence), so this ends.
  std::string name();

 private:
  bool label(std::size_t& at, std::string& name);

  std::span<const std::uint8_t> message_;
  std::size_t at_ = 0;
  bool failed_ = false;
};

// The label at `at`, which is not the last; false when it does not fit.
bool Reader::label(std::size_t& at, std::string& name) {
  const std::size_t length = message_[at];
  if (message_.size() - at <= length) return false;
  if (!name.empty()) name += '.';
  for (const std::uint8_t byte : message_.subspan(at + 1, length)) {
    const char c = base::to_lower(static_cast<char>(byte));
    name += is_host_char(c) ? c : kOddByte;
  }
  at += 1 + length;
  return name.size() + 2 <= kNameBytesMax;
}

std::string Reader::name() {
  std::string name;
  std::size_t at = at_;
  std::size_t before = at_;  // a pointer must lead to before this
  bool has_jumped = false;
  while (!failed_ && at < message_.size()) {
    const unsigned length = message_[at];
    if (length == 0) {
      if (!has_jumped) at_ = at + 1;
      return name;
    }
    if (length < 64) {
      if (!label(at, name)) break;
      continue;
    }
    if (length < 192 || message_.size() - at < 2) break;
    const std::size_t target = (length & 63U) << 8 | message_[at + 1];
    if (!has_jumped) at_ = at + 2;
    has_jumped = true;
    if (target >= before || target < kHeaderBytes) break;
    before = at = target;
  }
  failed_ = true;
  return {};
}

struct Question {
  std::string name;
  std::size_t answers = 0;
};

Result<Question> read_question(Reader& reader, RecordType type) {
  reader.u16();  // the identification, which c-ares has compared
  const std::uint16_t flags = reader.u16();
  const std::uint16_t questions = reader.u16();
  Question question;
  question.answers = reader.u16();
  reader.take(4);  // counts of sections that are not looked at
  if (reader.failed()) return fail(Errc::protocol, "a message without its header");
  if ((flags & 0x8000U) == 0 || (flags & 0x7800U) != 0 || questions != 1)
    return fail(Errc::protocol, "not an answer to one question");
  if ((flags & 0x0200U) != 0) return fail(Errc::protocol, "the answer is cut");
  if ((flags & 0x000fU) != 0) return fail(Errc::protocol, "error code {}", flags & 0x000fU);
  question.name = reader.name();
  const std::uint16_t asked = reader.u16();
  const std::uint16_t asked_class = reader.u16();
  if (reader.failed()) return fail(Errc::protocol, "a question that is none");
  if (asked != static_cast<std::uint16_t>(type) || asked_class != kClassInternet)
    return fail(Errc::protocol, "an answer to another question");
  return question;
}

struct Alias {
  std::string name;
  std::uint32_t ttl_s = 0;
};

// A record of the wanted type, of whatever name.
struct Found {
  std::string owner;
  std::uint32_t ttl_s = 0;
  IpAddress address;
  ServiceRecord service;
};

IpAddress to_address(std::span<const std::uint8_t> bytes) {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  IpAddress address;
  if (bytes.size() == 16 && std::ranges::equal(bytes.first(12), kMapped)) bytes = bytes.last(4);
  if (bytes.size() == 16) address.family = base::Family::ipv6;
  std::ranges::copy(bytes, address.bytes.begin());
  return address;
}

// The rest of a record of `type`; false when it does not fit.
bool read_data(Reader& reader, RecordType type, std::size_t length, Found& found) {
  if (type == RecordType::srv) {
    found.service.priority = reader.u16();
    found.service.weight = reader.u16();
    found.service.port = reader.u16();
    found.service.target = reader.name();
    return !reader.failed() && found.service.target.find(kOddByte) == std::string::npos;
  }
  const std::size_t wanted = type == RecordType::a ? 4 : 16;
  if (length != wanted) return false;
  found.address = to_address(reader.take(length));
  return !reader.failed();
}

// What the answer section has of interest.
struct Answers {
  std::map<std::string, Alias> aliases;  // by the name they are of
  std::vector<Found> found;
};

Result<void> read_record(Reader& reader, RecordType type, Answers& answers) {
  Found found;
  found.owner = reader.name();
  const std::uint16_t record_type = reader.u16();
  const std::uint16_t record_class = reader.u16();
  const std::uint32_t ttl = reader.u32();
  const std::size_t length = reader.u16();
  if (reader.failed()) return fail(Errc::protocol, "the answer ends within a record");
  found.ttl_s = ttl > 0x7fffffffU ? 0 : ttl;
  const std::size_t end = reader.position() + length;
  const bool is_wanted = record_type == static_cast<std::uint16_t>(type);
  if (record_class != kClassInternet || (!is_wanted && record_type != kTypeCname)) {
    reader.take(length);
    if (reader.failed()) return fail(Errc::protocol, "the answer ends within a record");
    return {};
  }
  bool fits = false;
  if (is_wanted) {
    fits = read_data(reader, type, length, found);
    if (fits) answers.found.push_back(found);
  } else {
    std::string target = reader.name();
    fits = !reader.failed();
    // Of several, which RFC 1034 forbids, the first counts.
    if (fits) answers.aliases.try_emplace(found.owner, Alias{std::move(target), found.ttl_s});
  }
  if (fits && reader.position() == end) return {};
  return fail(Errc::protocol, "a record that is no {}",
              is_wanted ? to_string(type) : std::string_view("CNAME"));
}

}  // namespace

std::string_view to_string(RecordType type) {
  switch (type) {
    case RecordType::a:
      return "A";
    case RecordType::aaaa:
      return "AAAA";
    case RecordType::srv:
      return "SRV";
  }
  return "?";
}

Result<AnswerRecords> parse_dns_answer(std::span<const std::uint8_t> message, RecordType type) {
  Reader reader(message);
  auto question = read_question(reader, type);
  if (!question) return question.error();
  Answers answers;
  for (std::size_t i = 0; i < question->answers; ++i) {
    if (auto read = read_record(reader, type, answers); !read) return read.error();
  }
  std::string name = std::move(question->name);
  std::optional<std::uint32_t> ttl_s;
  const auto count = [&](std::uint32_t ttl) { ttl_s = std::min(ttl_s.value_or(ttl), ttl); };
  std::size_t followed = 0;
  for (auto alias = answers.aliases.find(name); alias != answers.aliases.end();
       alias = answers.aliases.find(name)) {
    if (++followed > kAliasesMax)
      return fail(Errc::protocol, "more than {} aliases, or a circle of them", kAliasesMax);
    count(alias->second.ttl_s);
    name = alias->second.name;
  }
  AnswerRecords records;
  for (Found& found : answers.found) {
    if (found.owner != name) continue;
    count(found.ttl_s);
    if (type == RecordType::srv) {
      records.services.push_back(std::move(found.service));
    } else {
      records.addresses.push_back(found.address);
    }
  }
  records.ttl_s = ttl_s.value_or(0);
  return records;
}

}  // namespace ravelin::gateway
