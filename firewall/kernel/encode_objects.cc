#include "firewall/kernel/encode_objects.h"

#include "firewall/kernel/encode_fields.h"
#include "firewall/kernel/nf_tables_constants.h"
#include "firewall/kernel/nftnl_handles.h"
#include "firewall/kernel/userdata.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <limits>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

constexpr std::uint32_t kSizeMin = 16;
constexpr std::uint32_t kVerdictData = 0xffffff00;  // NFT_DATA_VERDICT
constexpr std::uint16_t kSecond = NFTA_SET_NAME;
constexpr std::uint16_t kThird = NFTA_CHAIN_NAME;
static_assert(int{NFTA_RULE_CHAIN} == kSecond && int{NFTA_SET_ELEM_LIST_SET} == kSecond);
constexpr std::uint32_t kVerdictBytes = 16;  // of struct nft_verdict

std::string table_name() {
  return std::string(kTableName);
}

Result<> check_texts(std::string_view name, std::string_view comment) {
  if (name.empty() || name.size() > kNameBytesMax)
    return fail(Errc::invalid, "\"{}\" is not a name of 1 to {} characters", name, kNameBytesMax);
  if (comment.size() > kCommentBytesMax)
    return fail(Errc::invalid, "\"{}\": a comment of {} bytes is too long (at most {})", name,
                comment.size(), kCommentBytesMax);
  return {};
}

// In a tree keys are ordered as bytes: a number in host order has no order there.
bool is_unordered(Field field) {
  return info(field).is_host_order && info(field).bytes > 1 && field != Field::iifname &&
         field != Field::oifname;
}

Result<> check_set(const Set& set) {
  if (auto texts = check_texts(set.name, set.comment); !texts) return texts;
  const std::size_t bytes = key_bytes(set);
  if (bytes == 0 || bytes > kKeyBytesMax)
    return fail(Errc::invalid, "set \"{}\": a key of {} bytes does not fit (1 to {})", set.name,
                bytes, kKeyBytesMax);
  if (set.is_dynamic && set.is_interval)
    return fail(Errc::invalid, "set \"{}\": rules cannot fill a set of intervals", set.name);
  if (set.is_dynamic && set.size == 0)
    return fail(Errc::invalid, "set \"{}\": one that rules fill needs a size", set.name);
  const auto unordered = std::find_if(set.key.begin(), set.key.end(), is_unordered);
  if (set.is_interval && unordered != set.key.end())
    return fail(Errc::invalid, "set \"{}\": {} has no intervals", set.name, info(*unordered).name);
  return {};
}

std::uint32_t key_type(const Set& set) {
  std::uint32_t type = 0;
  for (const Field field : set.key)
    type = type << kTypeBits | info(field).type_id;
  return type;
}

void describe_concatenation(nftnl_set& out, const Set& set) {
  Bytes lengths;
  for (const Field field : set.key)
    lengths.push_back(info(field).bytes);
  nftnl_set_set_data(&out, NFTNL_SET_DESC_CONCAT, lengths.data(),
                     static_cast<std::uint32_t>(lengths.size()));
}

SetPtr make_set(const Set& set, std::uint32_t id, std::uint32_t size) {
  SetPtr out(nftnl_set_alloc());
  CHECK(out != nullptr);
  nftnl_set_set_u32(out.get(), NFTNL_SET_FAMILY, NFPROTO_INET);
  nftnl_set_set_str(out.get(), NFTNL_SET_TABLE, table_name().c_str());
  nftnl_set_set_str(out.get(), NFTNL_SET_NAME, set.name.c_str());
  nftnl_set_set_u32(out.get(), NFTNL_SET_ID, id);
  nftnl_set_set_u32(out.get(), NFTNL_SET_FLAGS, set_flags(set));
  nftnl_set_set_u32(out.get(), NFTNL_SET_KEY_TYPE, key_type(set));
  nftnl_set_set_u32(out.get(), NFTNL_SET_KEY_LEN, static_cast<std::uint32_t>(key_bytes(set)));
  if (set.is_verdict_map) {
    nftnl_set_set_u32(out.get(), NFTNL_SET_DATA_TYPE, kVerdictData);
    nftnl_set_set_u32(out.get(), NFTNL_SET_DATA_LEN, kVerdictBytes);
  }
  if (size != 0) nftnl_set_set_u32(out.get(), NFTNL_SET_DESC_SIZE, size);
  if (set.is_interval && set.key.size() > 1) describe_concatenation(*out, set);
  if (set.timeout)
    nftnl_set_set_u64(out.get(), NFTNL_SET_TIMEOUT,
                      static_cast<std::uint64_t>(set.timeout->count()));
  const Bytes userdata = set_userdata(set);
  nftnl_set_set_data(out.get(), NFTNL_SET_USERDATA, userdata.data(),
                     static_cast<std::uint32_t>(userdata.size()));
  return out;
}

void put_hook(nftnl_chain& out, const Hook& hook) {
  nftnl_chain_set_str(&out, NFTNL_CHAIN_TYPE, hook.type == Hook::Type::nat ? "nat" : "filter");
  nftnl_chain_set_u32(&out, NFTNL_CHAIN_HOOKNUM, static_cast<std::uint32_t>(hook.point));
  nftnl_chain_set_s32(&out, NFTNL_CHAIN_PRIO, hook.priority);
  nftnl_chain_set_u32(&out, NFTNL_CHAIN_POLICY,
                      hook.policy == Hook::Policy::accept ? NF_ACCEPT : NF_DROP);
}

}  // namespace

std::uint32_t announced_size(const Set& set, std::size_t count) {
  if (set.size != 0 || set.is_interval) return set.size;
  const std::size_t roomy = std::max<std::size_t>(kSizeMin, count + count / 2);
  return static_cast<std::uint32_t>(
      std::min<std::size_t>(roomy, std::numeric_limits<std::uint32_t>::max()));
}

std::uint32_t set_flags(const Set& set) {
  std::uint32_t flags = 0;
  if (set.is_interval) flags |= NFT_SET_INTERVAL;
  if (set.is_interval && set.key.size() > 1) flags |= NFT_SET_CONCAT;
  if (set.is_verdict_map) flags |= NFT_SET_MAP;
  if (set.is_dynamic) flags |= NFT_SET_EVAL;
  if (set.has_timeout || set.timeout) flags |= NFT_SET_TIMEOUT;
  return flags;
}

std::size_t key_bytes(const Set& set) {
  if (set.key.size() == 1) return info(set.key[0]).bytes;
  std::size_t bytes = 0;
  for (const Field field : set.key)
    bytes += words_of(field) * 4;
  return bytes;
}

Result<> encode_table(Batch& batch, std::size_t step, const PutTable& table,
                      std::optional<std::uint32_t> flags) {
  if (auto texts = check_texts(kTableName, table.comment); !texts) return texts;
  TablePtr out(nftnl_table_alloc());
  CHECK(out != nullptr);
  nftnl_table_set_u32(out.get(), NFTNL_TABLE_FAMILY, NFPROTO_INET);
  nftnl_table_set_str(out.get(), NFTNL_TABLE_NAME, table_name().c_str());
  if (flags) nftnl_table_set_u32(out.get(), NFTNL_TABLE_FLAGS, *flags);
  const Bytes userdata = comment_userdata(table.comment);
  if (!userdata.empty())
    nftnl_table_set_data(out.get(), NFTNL_TABLE_USERDATA, userdata.data(),
                         static_cast<std::uint32_t>(userdata.size()));
  nftnl_table_nlmsg_build_payload(batch.start(NFT_MSG_NEWTABLE, NLM_F_CREATE, step), out.get());
  batch.finish();
  return {};
}

Result<> encode_set(Batch& batch, std::size_t step, const Set& set, std::uint32_t id,
                    std::uint32_t size) {
  if (auto checked = check_set(set); !checked) return checked;
  const SetPtr out = make_set(set, id, size);
  nftnl_set_nlmsg_build_payload(batch.start(NFT_MSG_NEWSET, NLM_F_CREATE, step), out.get());
  batch.finish();
  return {};
}

Result<> encode_chain(Batch& batch, std::size_t step, const Chain& chain) {
  if (auto texts = check_texts(chain.name, chain.comment); !texts) return texts;
  ChainPtr out(nftnl_chain_alloc());
  CHECK(out != nullptr);
  nftnl_chain_set_u32(out.get(), NFTNL_CHAIN_FAMILY, NFPROTO_INET);
  nftnl_chain_set_str(out.get(), NFTNL_CHAIN_TABLE, table_name().c_str());
  nftnl_chain_set_str(out.get(), NFTNL_CHAIN_NAME, chain.name.c_str());
  if (chain.hook) put_hook(*out, *chain.hook);
  const Bytes userdata = comment_userdata(chain.comment);
  if (!userdata.empty())
    nftnl_chain_set_data(out.get(), NFTNL_CHAIN_USERDATA, userdata.data(),
                         static_cast<std::uint32_t>(userdata.size()));
  nftnl_chain_nlmsg_build_payload(batch.start(NFT_MSG_NEWCHAIN, NLM_F_CREATE, step), out.get());
  batch.finish();
  return {};
}

void encode_removal(Batch& batch, std::size_t step, std::uint16_t type, std::string_view name) {
  // The name of a chain that goes is third; of a set, of the set of elements and of the chain of
  // rules it is second. The table is first in all.
  const std::uint16_t place = type == NFT_MSG_DELCHAIN ? kThird : kSecond;
  std::vector<std::uint8_t> body;
  put_text_attribute(body, NFTA_TABLE_NAME, kTableName);
  if (type != NFT_MSG_DELTABLE) put_text_attribute(body, place, name);
  batch.open(type, 0, step);
  std::copy(body.begin(), body.end(), batch.extend(body.size()));
  batch.close();
}

}  // namespace ravelin::firewall
