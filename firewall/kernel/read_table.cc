#include "firewall/kernel/read_table.h"

#include <linux/netfilter/nf_tables.h>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

constexpr int kReadsMax = 8;

std::vector<std::uint8_t> name_of_table() {
  std::vector<std::uint8_t> body;
  put_text_attribute(body, NFTA_TABLE_NAME, kTableName);
  return body;
}

Result<> read_parts(Channel& channel, Generation generation, LiveTable& table) {
  const auto ours = name_of_table();
  auto read = channel.dump(NFT_MSG_GETSET, ours, generation, [&](const Reply& reply) {
    if (auto name = decode_set_name(reply)) table.sets.push_back(std::move(*name));
  });
  if (!read) return read;
  read = channel.dump(NFT_MSG_GETCHAIN, ours, generation, [&](const Reply& reply) {
    if (auto name = decode_chain_name(reply)) table.chains.push_back(std::move(*name));
  });
  if (!read) return read;
  return channel.dump(NFT_MSG_GETRULE, ours, generation, [&](const Reply& reply) {
    if (auto rule = decode_rule(reply)) table.rules.push_back(std::move(*rule));
  });
}

Result<std::optional<LiveTable>> read_table_once(Channel& channel) {
  const auto generation = channel.generation();
  if (!generation) return generation.error();
  auto table = read_header(channel);
  if (!table || !*table) return table;
  if (auto read = read_parts(channel, *generation, **table); !read) return read.error();
  // Had it changed between the first two answers, the third would have told: all carry it.
  return table;
}

}  // namespace

Result<std::optional<LiveTable>> read_header(Channel& channel) {
  std::optional<LiveTable> table;
  const auto asked = channel.ask(NFT_MSG_GETTABLE, name_of_table(),
                                 [&](const Reply& reply) { table = decode_table(reply); });
  if (!asked) return asked.error();
  return table;
}

Result<std::optional<LiveTable>> read_table(Channel& channel) {
  for (int attempt = 0; attempt < kReadsMax; ++attempt) {
    auto table = read_table_once(channel);
    if (table || table.error().code != Errc::conflict) return table;
  }
  return fail(Errc::conflict, "the ruleset changed each of {} times it was read", kReadsMax);
}

Result<std::optional<SetShape>> read_shape(Channel& channel, const std::string& set) {
  auto body = name_of_table();
  put_text_attribute(body, NFTA_SET_NAME, set);
  std::optional<SetShape> shape;
  const auto asked = channel.ask(NFT_MSG_GETSET, body,
                                 [&](const Reply& reply) { shape = decode_set_shape(reply); });
  if (!asked) return asked.error();
  return shape;
}

}  // namespace ravelin::firewall
