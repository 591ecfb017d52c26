#include "firewall/kernel/encode_elements.h"

#include "firewall/kernel/encode_statements.h"
#include "firewall/kernel/nf_tables_constants.h"
#include "firewall/kernel/userdata.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <algorithm>
#include <cstring>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

constexpr std::size_t kHeader = sizeof(nlattr);
constexpr std::size_t kMessageHeader = sizeof(nlmsghdr) + sizeof(nfgenmsg);
constexpr std::uint16_t kNested = NLA_F_NESTED;

constexpr std::uint16_t nested(std::uint16_t type) {
  return static_cast<std::uint16_t>(type | kNested);
}

// One run of NEWSETELEM or DELSETELEM messages.
class ElementMessages {
 public:
  ElementMessages(Batch& batch, std::size_t step, std::string_view set, ElementChange change)
      : batch_(batch), step_(step), change_(change), prefix_(head_of(set)) {}

  // A place for so many bytes of elements that stay together in one message.
  std::uint8_t* place(std::size_t bytes) {
    if (list_bytes_ == 0 || list_bytes_ + bytes > kAttributeBytesMax) start_message();
    list_bytes_ += bytes;
    return batch_.extend(bytes);
  }

  // How many pieces of that size still fit into a message of their own.
  static std::size_t per_message(std::size_t bytes) {
    return (kAttributeBytesMax - kHeader) / bytes;
  }

  [[nodiscard]] std::size_t overhead() const { return kMessageHeader + prefix_.size(); }

  void finish() {
    if (list_bytes_ == 0) return;
    const auto length = static_cast<std::uint16_t>(list_bytes_);
    std::memcpy(batch_.extend(0) - list_bytes_, &length, sizeof length);
    batch_.close();
    list_bytes_ = 0;
  }

 private:
  // Table and set, then the header of a list that is still empty.
  static std::vector<std::uint8_t> head_of(std::string_view set) {
    std::vector<std::uint8_t> head;
    put_text_attribute(head, NFTA_SET_ELEM_LIST_TABLE, kTableName);
    put_text_attribute(head, NFTA_SET_ELEM_LIST_SET, set);
    put_attribute(head, nested(NFTA_SET_ELEM_LIST_ELEMENTS), {});
    return head;
  }

  void start_message() {
    finish();
    const bool is_removal = change_ == ElementChange::remove;
    const int flags = change_ == ElementChange::add ? NLM_F_CREATE | NLM_F_EXCL : NLM_F_CREATE;
    batch_.open(is_removal ? NFT_MSG_DELSETELEM : NFT_MSG_NEWSETELEM,
                static_cast<std::uint16_t>(is_removal ? 0 : flags), step_);
    std::memcpy(batch_.extend(prefix_.size()), prefix_.data(), prefix_.size());
    list_bytes_ = kHeader;  // the list's, at the end of the head
  }

  Batch& batch_;
  std::size_t step_;
  ElementChange change_;
  std::vector<std::uint8_t> prefix_;
  std::size_t list_bytes_ = 0;  // of the open message's list with its header; 0: none is open
};

template <class Number>
ByteSpan bytes_of(const Number& number) {
  return {reinterpret_cast<const std::uint8_t*>(&number), sizeof number};
}

// Starts a nest and returns its place.
std::size_t open_nest(Bytes& out, std::uint16_t type) {
  const std::size_t at = out.size();
  put_attribute(out, nested(type), {});
  return at;
}

void close_nest(Bytes& out, std::size_t at) {
  const auto length = static_cast<std::uint16_t>(out.size() - at);
  std::memcpy(out.data() + at, &length, sizeof length);
}

void put_key(Bytes& out, std::uint16_t type, ByteSpan key) {
  const std::size_t nest = open_nest(out, type);
  put_attribute(out, NFTA_DATA_VALUE, key);
  close_nest(out, nest);
}

void put_verdict(Bytes& out, const Verdict& verdict) {
  const std::size_t data = open_nest(out, NFTA_SET_ELEM_DATA);
  const std::size_t nest = open_nest(out, NFTA_DATA_VERDICT);
  const std::uint32_t code =
      __builtin_bswap32(static_cast<std::uint32_t>(verdict_code(verdict.kind)));
  put_attribute(out, NFTA_VERDICT_CODE, bytes_of(code));
  if (!verdict.chain.empty()) put_text_attribute(out, NFTA_VERDICT_CHAIN, verdict.chain);
  close_nest(out, nest);
  close_nest(out, data);
}

void put_interval_end(Bytes& out, ByteSpan key) {
  const std::size_t nest = open_nest(out, NFTA_LIST_ELEM);
  put_key(out, NFTA_SET_ELEM_KEY, key);
  const std::uint32_t flags = __builtin_bswap32(NFT_SET_ELEM_INTERVAL_END);
  put_attribute(out, NFTA_SET_ELEM_FLAGS, bytes_of(flags));
  close_nest(out, nest);
}

// The key behind this one; false when there is none.
bool increment(std::uint8_t* key, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;)
    if (++key[i] != 0) return true;
  return false;
}

// One element, or the two of an interval.
class ElementEncoder {
 public:
  ElementEncoder(const SetShape& shape, ElementChange change)
      : shape_(shape), is_added_(change != ElementChange::remove) {}

  Result<> encode(const Element& element, Bytes& out) const {
    out.clear();
    const auto key = trimmed(element.key);
    if (!key) return key.error();
    const bool is_interval = (shape_.flags & NFT_SET_INTERVAL) != 0;
    const Bytes& last = is_interval && !element.key_end.empty() ? element.key_end : element.key;
    const auto key_end = trimmed(last);
    if (!key_end) return key_end.error();
    const bool is_boxed = is_interval && (shape_.flags & NFT_SET_CONCAT) != 0;
    if (is_interval && !is_boxed &&
        std::lexicographical_compare(key_end->begin(), key_end->end(), key->begin(), key->end()))
      return fail(Errc::invalid, "{} - {} ends before it begins", key_text(shape_, *key),
                  key_text(shape_, *key_end));
    Bytes end(key_end->begin(), key_end->end());
    const bool has_end = is_interval && !is_boxed && increment(end.data(), end.size());
    const std::size_t nest = open_nest(out, NFTA_LIST_ELEM);
    put_key(out, NFTA_SET_ELEM_KEY, *key);
    if (is_boxed) put_key(out, NFTA_SET_ELEM_KEY_END, *key_end);
    if (is_added_) put_extras(element, is_interval && !is_boxed && !has_end, out);
    close_nest(out, nest);
    if (has_end) put_interval_end(out, end);
    return {};
  }

 private:
  // Keys come padded to four bytes for each field; the kernel has a lone field unpadded.
  Result<ByteSpan> trimmed(const Bytes& key) const {
    const std::size_t padded = (shape_.key_bytes + 3) / 4 * 4;
    if (key.size() == shape_.key_bytes || key.size() == padded)
      return ByteSpan(key).first(shape_.key_bytes);
    return fail(Errc::invalid, "a key has {} bytes, this one has {}", shape_.key_bytes, key.size());
  }

  static void put_extras(const Element& element, bool is_open, Bytes& out) {
    if (element.verdict) put_verdict(out, *element.verdict);
    if (element.timeout) {
      const std::uint64_t milliseconds =
          __builtin_bswap64(static_cast<std::uint64_t>(element.timeout->count()));
      put_attribute(out, NFTA_SET_ELEM_TIMEOUT, bytes_of(milliseconds));
    }
    const Bytes userdata =
        is_open ? open_interval_userdata(element.comment) : comment_userdata(element.comment);
    if (!userdata.empty()) put_attribute(out, NFTA_SET_ELEM_USERDATA, userdata);
  }

  const SetShape& shape_;
  bool is_added_;
};

Result<> check_element(const Element& element) {
  if (element.comment.size() > kCommentBytesMax)
    return fail(Errc::invalid, "a comment of {} bytes is too long (at most {})",
                element.comment.size(), kCommentBytesMax);
  if (element.verdict && element.verdict->chain.size() > kNameBytesMax)
    return fail(Errc::invalid, "\"{}\" is not a name of 1 to {} characters", element.verdict->chain,
                kNameBytesMax);
  return {};
}

// The bytes of one key of a block, with a hole where the key goes.
struct Template {
  explicit Template(const Element& element, const SetShape& shape) {
    const auto made = ElementEncoder(shape, ElementChange::add).encode(element, bytes);
    CHECK(made.has_value());
  }

  Bytes bytes;
};

constexpr std::size_t kKeyHole = 3 * kHeader;  // element, key, value

}  // namespace

Result<> encode_elements(Batch& batch, std::size_t step, std::string_view set,
                         const SetShape& shape, const std::vector<Element>& elements,
                         ElementChange change) {
  ElementMessages messages(batch, step, set, change);
  const ElementEncoder encoder(shape, change);
  Bytes encoded;
  for (const Element& element : elements) {
    auto made = check_element(element);
    if (made) made = encoder.encode(element, encoded);
    if (!made) return base::wrap(made.error(), fmt::format("set \"{}\"", set));
    std::memcpy(messages.place(encoded.size()), encoded.data(), encoded.size());
  }
  messages.finish();
  return {};
}

Result<> encode_block(Batch& batch, std::size_t step, std::string_view set, const KeyBlock& block) {
  const std::size_t width = block.key_bytes;
  const std::size_t stride = width * (block.is_interval ? 2 : 1);
  if ((width != 4 && width != 16) || block.keys.size() % stride != 0)
    return fail(Errc::invalid, "set \"{}\": {} bytes are no block of keys of {} bytes", set,
                block.keys.size(), width);
  const SetShape shape{width, block.is_interval ? std::uint32_t{NFT_SET_INTERVAL} : 0, 0};
  const Bytes zero(width);
  const Bytes top(width, 0xff);
  const Template closed(Element{zero, zero, {}, {}, {}}, shape);
  const Template open(Element{top, top, {}, {}, {}}, shape);
  const std::size_t piece = closed.bytes.size();
  const std::size_t end_hole = kKeyHole + width + kKeyHole;  // the start, then the end
  ElementMessages messages(batch, step, set, ElementChange::add);
  const std::size_t count = block.count();
  batch.reserve(count * piece +
                (count / ElementMessages::per_message(piece) + 1) * messages.overhead());
  for (const std::uint8_t* key = block.keys.data(); key != block.keys.data() + block.keys.size();
       key += stride) {
    std::uint8_t* at = nullptr;
    if (block.is_interval && std::memcmp(key + width, top.data(), width) == 0) {
      at = messages.place(open.bytes.size());
      std::memcpy(at, open.bytes.data(), open.bytes.size());
    } else {
      at = messages.place(piece);
      std::memcpy(at, closed.bytes.data(), piece);
      if (block.is_interval) {
        std::memcpy(at + end_hole, key + width, width);
        increment(at + end_hole, width);
      }
    }
    std::memcpy(at + kKeyHole, key, width);
  }
  messages.finish();
  return {};
}

ByteSpan key_at(ByteSpan message, std::size_t offset) {
  if (message.size() < kMessageHeader) return {};
  AttributeWalk lists(message.subspan(kMessageHeader));
  while (const auto list = lists.next()) {
    if (list->type != NFTA_SET_ELEM_LIST_ELEMENTS) continue;
    const std::size_t start = kMessageHeader + list->offset + kHeader;
    AttributeWalk elements(list->value);
    while (const auto element = elements.next()) {
      const std::size_t at = start + element->offset;
      if (offset < at || offset >= at + kHeader + element->value.size()) continue;
      const auto key = find_attribute(element->value, NFTA_SET_ELEM_KEY);
      return key ? find_attribute(*key, NFTA_DATA_VALUE).value_or(ByteSpan{}) : ByteSpan{};
    }
  }
  return {};
}

}  // namespace ravelin::firewall
