#include "certs/dns/message.h"

#include "base/text.h"

#include <array>

namespace ravelin::certs::dns {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kHeadBytes = 12;
constexpr std::size_t kLabelMax = 63;
constexpr std::size_t kNameBytesMax = 255;
constexpr std::size_t kRecordBytesMin = 11;  // a root name and the fixed part
constexpr unsigned kOpcodeUpdate = 5;

base::Error broken(std::string_view what) {
  return fail(Errc::protocol, "the name server's message is damaged: {}", what);
}

std::string head(std::uint16_t id, std::uint16_t flags, std::uint16_t second_count,
                 std::uint16_t third_count) {
  std::string out;
  put16(out, id);
  put16(out, flags);
  put16(out, 1);  // one question, or one zone
  put16(out, second_count);
  put16(out, third_count);
  put16(out, 0);
  return out;
}

Result<> put_question(std::string& out, std::string_view name, Type type) {
  const auto encoded = encode_name(name);
  if (!encoded) return encoded.error();
  out += *encoded;
  put16(out, static_cast<std::uint16_t>(type));
  put16(out, static_cast<std::uint16_t>(Class::in));
  return {};
}

// The letters of a name alone: what else a label may hold is of no use to us.
bool is_printable(std::string_view label) {
  for (const char c : label)
    if (c <= 0x20 || c > 0x7e || c == '.' || c == '\\') return false;
  return true;
}

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}

  Result<Message> read() {
    if (bytes_.size() < kHeadBytes) return broken("it is too short");
    Message message;
    message.id = get16(bytes_, 0);
    const unsigned flags = get16(bytes_, 2);
    message.is_answer = (flags & 0x8000U) != 0;
    message.is_authoritative = (flags & 0x0400U) != 0;
    message.is_truncated = (flags & 0x0200U) != 0;
    message.code = static_cast<Code>(flags & 0x000fU);
    at_ = kHeadBytes;
    for (unsigned left = get16(bytes_, 4); left > 0; --left)
      if (auto skipped = skip_question(); !skipped) return skipped.error();
    if (auto done = read_section(6, message.answers); !done) return done.error();
    if (auto done = read_section(8, message.authorities); !done) return done.error();
    if (auto done = read_section(10, message.additionals); !done) return done.error();
    if (!message.additionals.empty()) message.last_record = last_;
    if (at_ != bytes_.size()) return broken("something stands behind it");
    return message;
  }

 private:
  Result<> skip_question() {
    if (auto name = read_name(bytes_, at_); !name) return name.error();
    if (bytes_.size() - at_ < 4) return broken("a question is cut off");
    at_ += 4;
    return {};
  }

  Result<> read_section(std::size_t count_at, std::vector<Record>& into) {
    const std::size_t count = get16(bytes_, count_at);
    if (count > (bytes_.size() - at_) / kRecordBytesMin) return broken("it promises more records");
    into.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
      auto record = read_record();
      if (!record) return record.error();
      into.push_back(std::move(*record));
    }
    return {};
  }

  Result<Record> read_record() {
    last_ = at_;
    auto name = read_name(bytes_, at_);
    if (!name) return name.error();
    if (bytes_.size() - at_ < 10) return broken("a record is cut off");
    Record record{.name = std::move(*name),
                  .type = static_cast<Type>(get16(bytes_, at_)),
                  .in_class = static_cast<Class>(get16(bytes_, at_ + 2)),
                  .ttl_s = get32(bytes_, at_ + 4)};
    const std::size_t size = get16(bytes_, at_ + 8);
    at_ += 10;
    if (bytes_.size() - at_ < size) return broken("a record is cut off");
    record.data = bytes_.substr(at_, size);
    if (record.type == Type::cname || record.type == Type::ns) {
      std::size_t inside = at_;
      auto target = read_name(bytes_, inside);
      if (!target) return target.error();
      if (inside != at_ + size) return broken("a name does not fit its record");
      record.target = std::move(*target);
    }
    at_ += size;
    return record;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  std::size_t last_ = 0;
};

}  // namespace

std::string text_of(Code code) {
  switch (code) {
    case Code::no_error:
      return "NOERROR";
    case Code::format_error:
      return "FORMERR";
    case Code::server_failure:
      return "SERVFAIL";
    case Code::no_such_name:
      return "NXDOMAIN";
    case Code::not_implemented:
      return "NOTIMP";
    case Code::refused:
      return "REFUSED";
    case Code::not_authoritative:
      return "NOTAUTH";
    case Code::not_zone:
      return "NOTZONE";
    case Code::bad_signature:
      return "BADSIG";
    case Code::bad_key:
      return "BADKEY";
    case Code::bad_time:
      return "BADTIME";
  }
  return fmt::format("code {}", static_cast<unsigned>(code));
}

void put16(std::string& out, std::uint16_t value) {
  out += static_cast<char>(value >> 8U);
  out += static_cast<char>(value & 0xffU);
}

void put32(std::string& out, std::uint32_t value) {
  put16(out, static_cast<std::uint16_t>(value >> 16U));
  put16(out, static_cast<std::uint16_t>(value & 0xffffU));
}

std::uint16_t get16(std::string_view bytes, std::size_t at) {
  const auto high = static_cast<unsigned char>(bytes[at]);
  const auto low = static_cast<unsigned char>(bytes[at + 1]);
  return static_cast<std::uint16_t>((unsigned{high} << 8U) | low);
}

std::uint32_t get32(std::string_view bytes, std::size_t at) {
  return (std::uint32_t{get16(bytes, at)} << 16U) | get16(bytes, at + 2);
}

Result<std::string> encode_name(std::string_view name) {
  std::string out;
  while (!name.empty()) {
    const std::size_t end = std::min(name.find('.'), name.size());
    if (end == 0 || end > kLabelMax || !is_printable(name.substr(0, end)))
      return fail(Errc::invalid, "\"{}\" is no name of DNS", name);
    out += static_cast<char>(end);
    out += base::to_lower(name.substr(0, end));
    name.remove_prefix(std::min(end + 1, name.size()));
  }
  out += '\0';
  if (out.size() > kNameBytesMax)
    return fail(Errc::invalid, "a name of DNS has 253 letters at most");
  return out;
}

Result<std::string> read_name(std::string_view message, std::size_t& at) {
  std::string name;
  std::size_t from = at;
  std::size_t bytes = 1;
  bool has_jumped = false;
  for (;;) {
    if (from >= message.size()) return broken("a name is cut off");
    const auto size = static_cast<unsigned char>(message[from]);
    if (size == 0) break;
    if ((size & 0xc0U) == 0xc0U) {
      if (from + 1 >= message.size()) return broken("a name is cut off");
      const std::size_t to = get16(message, from) & 0x3fffU;
      // Always further back, so that it comes to an end.
      if (to >= from) return broken("a name points forward");
      if (!has_jumped) at = from + 2;
      has_jumped = true;
      from = to;
      continue;
    }
    if (size > kLabelMax) return broken("a label of another kind");
    bytes += 1U + size;
    if (bytes > kNameBytesMax) return broken("a name is too long");
    const std::string_view label = message.substr(from + 1, size);
    if (label.size() != size) return broken("a name is cut off");
    if (!is_printable(label)) return broken("a name is not a text");
    if (!name.empty()) name += '.';
    name += base::to_lower(label);
    from += 1U + size;
  }
  if (!has_jumped) at = from + 1;
  return name;
}

std::string encode_txt(std::string_view text) {
  constexpr std::size_t kTextMax = 255;
  text = text.substr(0, kTextMax);
  return static_cast<char>(text.size()) + std::string(text);
}

std::string txt_of(std::string_view data) {
  std::string text;
  while (!data.empty()) {
    const auto size = static_cast<unsigned char>(data.front());
    text += data.substr(1, size);
    data.remove_prefix(std::min(data.size(), std::size_t{size} + 1));
  }
  return text;
}

Result<std::string> encode_question(std::uint16_t id, std::string_view name, Type type) {
  constexpr std::uint16_t kRecursionDesired = 0x0100;
  std::string out = head(id, kRecursionDesired, 0, 0);
  if (auto put = put_question(out, name, type); !put) return put.error();
  return out;
}

Result<std::string> encode_update(std::uint16_t id, std::string_view zone,
                                  std::span<const Record> changes) {
  std::string out = head(id, static_cast<std::uint16_t>(kOpcodeUpdate << 11U), 0,
                         static_cast<std::uint16_t>(changes.size()));
  if (auto put = put_question(out, zone, Type::soa); !put) return put.error();
  for (const Record& record : changes) {
    const auto name = encode_name(record.name);
    if (!name) return name.error();
    out += *name;
    put16(out, static_cast<std::uint16_t>(record.type));
    put16(out, static_cast<std::uint16_t>(record.in_class));
    put32(out, record.ttl_s);
    put16(out, static_cast<std::uint16_t>(record.data.size()));
    out += record.data;
  }
  return out;
}

Result<Message> parse_message(std::string_view bytes) {
  return Reader(bytes).read();
}

}  // namespace ravelin::certs::dns
