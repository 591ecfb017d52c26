#include "firewall/kernel/channel.h"

#include "firewall/kernel/errors.h"

#include <linux/netfilter/nf_tables.h>

#include <algorithm>
#include <cerrno>

namespace ravelin::firewall {
namespace {

using base::Errc;
using base::fail;
using Datagram = NetlinkSocket::Datagram;
using Wait = NetlinkSocket::Wait;

void collect(const std::vector<Reply>& replies, const Batch& batch, Outcome& out) {
  for (const Reply& reply : replies) {
    if (reply.sequence - batch.first_sequence() >= batch.next_sequence() - batch.first_sequence())
      continue;  // an answer to something older
    const auto error = decode_error(reply);
    if (!error) continue;
    if (error->number == 0) {
      out.is_acknowledged = true;
    } else if (out.errors.size() < kErrorsMax) {
      out.errors.push_back(*error);
    } else {
      ++out.errors_beyond;
    }
  }
}

}  // namespace

Result<Outcome> Channel::transact(const Batch& batch) {
  sequence_ = batch.next_sequence();
  if (auto sent = socket_.send(batch.bytes()); !sent) return sent.error();
  Outcome outcome;
  while (true) {
    const auto datagram = socket_.receive(Wait::no);
    if (datagram && datagram->kind == Datagram::Kind::nothing) return outcome;
    if (datagram && datagram->kind == Datagram::Kind::lost) {
      outcome.is_incomplete = true;
      continue;
    }
    const auto replies = datagram ? split_replies(datagram->bytes) : datagram.error();
    if (!replies) {  // the batch is sent all the same
      outcome.is_incomplete = true;
      return outcome;
    }
    collect(*replies, batch, outcome);
  }
}

// The messages of the next datagram that answer to a number.
Result<std::vector<Reply>> Channel::next_answers(std::uint32_t sequence) {
  const auto datagram = socket_.receive(Wait::until_deadline);
  if (!datagram) return datagram.error();
  if (datagram->kind == Datagram::Kind::lost)
    return fail(Errc::conflict, "answers of the kernel were lost");
  auto replies = split_replies(datagram->bytes);
  if (!replies) return replies.error();
  std::erase_if(*replies, [&](const Reply& reply) { return reply.sequence != sequence; });
  return replies;
}

Result<bool> Channel::ask(std::uint16_t type, ByteSpan body, const Take& take) {
  const std::uint32_t sequence = sequence_++;
  if (auto sent = socket_.send(request(type, 0, sequence, body)); !sent) return sent.error();
  while (true) {
    const auto replies = next_answers(sequence);
    if (!replies) return replies.error();
    for (const Reply& reply : *replies) {
      if (const auto error = decode_error(reply)) {
        if (error->number == ENOENT) return false;
        return fail_number(error->number, "asking the kernel");
      }
      if (!reply.is_nftables) continue;
      take(reply);
      return true;
    }
  }
}

Result<> Channel::dump(std::uint16_t type, ByteSpan body, Generation generation, const Take& take,
                       std::uint8_t family) {
  const std::uint32_t sequence = sequence_++;
  if (auto sent = socket_.send(request(type, NLM_F_DUMP, sequence, body, family)); !sent)
    return sent.error();
  bool is_whole = true;
  while (true) {
    const auto replies = next_answers(sequence);
    if (!replies) return replies.error();
    for (const Reply& reply : *replies) {
      if (const auto error = decode_error(reply); error && error->number != 0)
        return fail_number(error->number, "reading from the kernel");
      if ((reply.flags & NLM_F_DUMP_INTR) != 0) is_whole = false;
      if (!reply.is_nftables && reply.type == NLMSG_DONE) {
        if (is_whole) return {};
        return fail(Errc::conflict, "the ruleset changed while it was read");
      }
      if (!reply.is_nftables) continue;
      if (reply.generation != (generation & 0xffff)) is_whole = false;
      if (is_whole) take(reply);
    }
  }
}

Result<Generation> Channel::generation() {
  std::optional<Generation> generation;
  const auto asked =
      ask(NFT_MSG_GETGEN, {}, [&](const Reply& reply) { generation = decode_generation(reply); });
  if (!asked) return asked.error();
  if (!generation) return fail(Errc::protocol, "the kernel tells no generation of its ruleset");
  return *generation;
}

}  // namespace ravelin::firewall
