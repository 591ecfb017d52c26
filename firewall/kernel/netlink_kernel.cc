#include "firewall/kernel/netlink_kernel.h"

#include "firewall/kernel/errors.h"
#include "firewall/kernel/nf_tables_constants.h"
#include "firewall/kernel/read_table.h"

#include <linux/membarrier.h>
#include <linux/netfilter/nf_tables.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <utility>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;

bool puts_table(const Transaction& transaction) {
  for (const Step& step : transaction)
    if (std::holds_alternative<PutTable>(step)) return true;
  return false;
}

// { element { key { value } } }
std::vector<std::uint8_t> list_of_one(const Bytes& key) {
  const auto nested = [](std::uint16_t type) {
    return static_cast<std::uint16_t>(type | NLA_F_NESTED);
  };
  std::vector<std::uint8_t> value;
  std::vector<std::uint8_t> element;
  std::vector<std::uint8_t> list;
  put_attribute(value, NFTA_DATA_VALUE, key);
  put_attribute(element, nested(NFTA_SET_ELEM_KEY), value);
  put_attribute(list, nested(NFTA_LIST_ELEM), element);
  return list;
}

}  // namespace

Result<std::unique_ptr<NetlinkKernel>> NetlinkKernel::open(KernelOptions options) {
  auto socket = NetlinkSocket::open();
  if (!socket) return socket.error();
  Channel channel(std::move(*socket));
  auto features = probe(channel, options.hidden);
  if (!features) return features.error();
  return std::make_unique<NetlinkKernel>(std::move(channel), std::move(options),
                                         std::move(*features));
}

Result<Generation> NetlinkKernel::generation() {
  return channel_.generation();
}

Result<> NetlinkKernel::apply(const Transaction& transaction, std::optional<Generation> based_on) {
  return run(transaction, based_on, Ending::commit);
}

Result<> NetlinkKernel::try_out(const Transaction& transaction) {
  return run(transaction, {}, Ending::none);
}

Result<std::optional<LiveTable>> NetlinkKernel::read() {
  return read_table(channel_);
}

Result<> NetlinkKernel::run(const Transaction& transaction, std::optional<Generation> based_on,
                            Ending ending) {
  auto shapes = ask_shapes(transaction);
  if (!shapes) return shapes.error();
  TableFlags flags;
  if (puts_table(transaction)) {
    const auto live = read_header(channel_);
    if (!live) return live.error();
    flags = table_flags(options_.own_table && features_.owned_table, *live);
  }
  Batch batch(channel_.sequence(), based_on);
  if (auto encoded = encode_transaction(transaction, flags, *shapes, batch); !encoded)
    return encoded;
  if (ending == Ending::commit)
    batch.end(features_.batch_ack ? Batch::Ack::wanted : Batch::Ack::none);
  const auto outcome = channel_.transact(batch);
  if (!outcome) return outcome.error();
  return judge(*outcome, batch, transaction, *shapes, ending);
}

Result<SetShapes> NetlinkKernel::ask_shapes(const Transaction& transaction) {
  SetShapes shapes;
  for (const std::string& set : undescribed_sets(transaction)) {
    const auto shape = read_shape(channel_, set);
    if (!shape) return shape.error();
    if (*shape) shapes[set] = **shape;
  }
  return shapes;
}

Result<> NetlinkKernel::judge(const Outcome& outcome, const Batch& batch,
                              const Transaction& transaction, const SetShapes& shapes,
                              Ending ending) {
  if (!outcome.errors.empty()) {
    base::Error error = explain(outcome.errors, outcome.errors.size() - 1 + outcome.errors_beyond,
                                batch, transaction, shapes);
    if (error.code != Errc::denied) return error;
    const auto live = read_header(channel_);
    if (live && *live && (*live)->owner_port != 0 && (*live)->owner_port != port())
      error.message = fmt::format(
          "table inet ravelin is owned by another process (netlink port {})", (*live)->owner_port);
    return error;
  }
  return answered(outcome, ending == Ending::commit && features_.batch_ack);
}

Result<std::optional<Kernel::Found>> NetlinkKernel::find(const std::string& set, const Bytes& key) {
  std::vector<std::uint8_t> body;
  put_text_attribute(body, NFTA_SET_ELEM_LIST_TABLE, kTableName);
  put_text_attribute(body, NFTA_SET_ELEM_LIST_SET, set);
  put_attribute(body, NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED, list_of_one(key));
  std::optional<Found> found;
  const auto asked = channel_.ask(NFT_MSG_GETSETELEM, body,
                                  [&](const Reply& reply) { found = decode_element(reply); });
  if (!asked) return asked.error();
  if (*asked) return found;
  // A missing element and a missing set are the same error.
  const auto shape = read_shape(channel_, set);
  if (!shape) return shape.error();
  if (!*shape) return fail(Errc::not_found, "set \"{}\" does not exist", set);
  return std::optional<Found>{};
}

// The acknowledgement is of the batch's end, and only a batch without errors has one.
Result<> answered(const Outcome& outcome, bool is_ack_wanted) {
  if (outcome.is_acknowledged) return {};
  if (outcome.is_incomplete)
    return fail(Errc::protocol, "answers of the kernel were lost (SO_RCVBUF)");
  if (is_ack_wanted) return fail(Errc::protocol, "the kernel did not acknowledge the batch");
  return {};
}

TableFlags table_flags(bool may_own, const std::optional<LiveTable>& live) {
  const std::uint32_t owned = kTableOwner | kTablePersist;
  TableFlags flags{std::uint32_t{0}, may_own ? owned : 0};
  if (!live) {
    flags.first = flags.anew;
  } else if (!may_own || (live->flags & owned) == 0) {
    flags.first = std::nullopt;
  } else {
    flags.first = owned;
  }
  return flags;
}

// Packets are judged under the RCU lock, and this system call waits for all who hold it
// (membarrier(2), MEMBARRIER_CMD_GLOBAL). Where it is not to be had, a pause as long as it takes.
void NetlinkKernel::wait_for_packets() {
  constexpr int kPauseMs = 20;
  if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0) ::poll(nullptr, 0, kPauseMs);
}

}  // namespace ravelin::firewall
