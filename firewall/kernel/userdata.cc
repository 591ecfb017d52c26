#include "firewall/kernel/userdata.h"

#include "base/check.h"
#include "firewall/kernel/nf_tables_constants.h"

#include <libnftnl/udata.h>

#include <cstring>

namespace ravelin::firewall {
namespace {

// nft's enum byteorder.
enum class ByteOrder : std::uint32_t { none = 0, host = 1, big = 2 };

void put_text(Bytes& out, std::uint8_t type, std::string_view text) {
  CHECK(text.size() < 255);
  out.push_back(type);
  out.push_back(static_cast<std::uint8_t>(text.size() + 1));
  out.insert(out.end(), text.begin(), text.end());
  out.push_back(0);
}

void put_number(Bytes& out, std::uint8_t type, std::uint32_t number) {
  out.push_back(type);
  out.push_back(sizeof number);
  out.resize(out.size() + sizeof number);
  std::memcpy(out.data() + out.size() - sizeof number, &number, sizeof number);
}

// A concatenation has none: each of its datatypes has its own.
ByteOrder byte_order(const Set& set) {
  if (set.key.size() != 1) return ByteOrder::none;
  return info(set.key[0]).is_host_order ? ByteOrder::host : ByteOrder::big;
}

}  // namespace

Bytes comment_userdata(std::string_view comment) {
  Bytes out;
  if (!comment.empty()) put_text(out, NFTNL_UDATA_RULE_COMMENT, comment);
  return out;
}

Bytes set_userdata(const Set& set) {
  Bytes out;
  put_number(out, NFTNL_UDATA_SET_KEYBYTEORDER, static_cast<std::uint32_t>(byte_order(set)));
  put_number(out, NFTNL_UDATA_SET_MERGE_ELEMENTS, 0);
  if (!set.comment.empty()) put_text(out, NFTNL_UDATA_SET_COMMENT, set.comment);
  return out;
}

Bytes open_interval_userdata(std::string_view comment) {
  Bytes out = comment_userdata(comment);
  put_number(out, NFTNL_UDATA_SET_ELEM_FLAGS, kElementOpenInterval);
  return out;
}

std::string comment_in(ByteSpan userdata) {
  std::size_t at = 0;
  while (at + 2 <= userdata.size()) {
    const std::uint8_t type = userdata[at];
    const std::size_t bytes = userdata[at + 1];
    if (bytes > userdata.size() - at - 2) break;
    if (type == NFTNL_UDATA_RULE_COMMENT) return read_text(userdata.subspan(at + 2, bytes));
    at += 2 + bytes;
  }
  return {};
}

}  // namespace ravelin::firewall
