#include "firewall/kernel/batch.h"

#include "base/check.h"
#include "firewall/kernel/nf_tables_constants.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstring>

namespace ravelin::firewall {
namespace {

constexpr std::size_t kHeaderBytes = sizeof(nlmsghdr) + sizeof(nfgenmsg);
constexpr std::size_t kScratchBytes = 61440;

void write_header(std::uint8_t* at, const nlmsghdr& header, std::uint8_t family,
                  std::uint16_t resource) {
  nfgenmsg extra{};
  extra.nfgen_family = family;
  extra.version = NFNETLINK_V0;
  extra.res_id = resource;
  std::memcpy(at, &header, sizeof header);
  std::memcpy(at + sizeof header, &extra, sizeof extra);
}

constexpr std::uint16_t nftables_type(std::uint16_t type) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type);
}

}  // namespace

Batch::Batch(std::uint32_t sequence, std::optional<Generation> based_on)
    : scratch_(kScratchBytes), first_sequence_(sequence), next_sequence_(sequence) {
  put_bound(kBatchBegin, NLM_F_REQUEST);
  if (!based_on) return;
  const std::uint32_t generation = htonl(*based_on);
  std::vector<std::uint8_t> condition;
  put_attribute(condition, kBatchGenerationId,
                {reinterpret_cast<const std::uint8_t*>(&generation), sizeof generation});
  std::memcpy(extend(condition.size()), condition.data(), condition.size());
  const auto bytes = static_cast<std::uint32_t>(buffer_.size());
  std::memcpy(buffer_.data(), &bytes, sizeof bytes);
}

void Batch::put_bound(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr bound{};
  bound.nlmsg_len = kHeaderBytes;
  bound.nlmsg_type = type;
  bound.nlmsg_flags = flags;
  bound.nlmsg_seq = next_sequence_++;
  write_header(extend(kHeaderBytes), bound, AF_UNSPEC, htons(NFNL_SUBSYS_NFTABLES));
}

void Batch::end(Ack ack) {
  put_bound(kBatchEnd, static_cast<std::uint16_t>(ack == Ack::wanted ? NLM_F_REQUEST | NLM_F_ACK
                                                                     : NLM_F_REQUEST));
}

nlmsghdr Batch::header(std::uint16_t type, std::uint16_t flags, std::size_t step) {
  nlmsghdr header{};
  header.nlmsg_len = kHeaderBytes;
  header.nlmsg_type = nftables_type(type);
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = next_sequence_++;
  messages_.push_back({buffer_.size(), step});
  return header;
}

nlmsghdr* Batch::start(std::uint16_t type, std::uint16_t flags, std::size_t step) {
  write_header(scratch_.data(), header(type, flags, step), NFPROTO_INET, 0);
  return reinterpret_cast<nlmsghdr*>(scratch_.data());
}

void Batch::finish() {
  std::uint32_t bytes = 0;
  std::memcpy(&bytes, scratch_.data(), sizeof bytes);
  CHECK(bytes <= scratch_.size());
  std::memcpy(extend(align_netlink(bytes)), scratch_.data(), bytes);
}

void Batch::open(std::uint16_t type, std::uint16_t flags, std::size_t step) {
  const nlmsghdr opened = header(type, flags, step);
  write_header(extend(kHeaderBytes), opened, NFPROTO_INET, 0);
}

void Batch::close() {
  const std::size_t offset = messages_.back().offset;
  const auto bytes = static_cast<std::uint32_t>(buffer_.size() - offset);
  std::memcpy(buffer_.data() + offset, &bytes, sizeof bytes);
}

const BatchMessage* Batch::find(std::uint32_t sequence) const {
  const std::uint32_t place = sequence - first_sequence_ - 1;  // wraps for the begin
  return place < messages_.size() ? &messages_[place] : nullptr;
}

ByteSpan Batch::message(const BatchMessage& message) const {
  std::uint32_t length = 0;
  std::memcpy(&length, bytes().data() + message.offset, sizeof length);
  return bytes().subspan(message.offset, length);
}

std::vector<std::uint8_t> request(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence,
                                  ByteSpan body, std::uint8_t family) {
  std::vector<std::uint8_t> out(kHeaderBytes);
  nlmsghdr header{};
  header.nlmsg_len = static_cast<std::uint32_t>(kHeaderBytes + body.size());
  header.nlmsg_type = nftables_type(type);
  header.nlmsg_flags = static_cast<std::uint16_t>(NLM_F_REQUEST | flags);
  header.nlmsg_seq = sequence;
  write_header(out.data(), header, family, 0);
  if (!body.empty()) {
    out.resize(out.size() + body.size());
    std::memcpy(out.data() + kHeaderBytes, body.data(), body.size());
  }
  return out;
}

void put_attribute(std::vector<std::uint8_t>& out, std::uint16_t type, ByteSpan value) {
  CHECK(value.size() + sizeof(nlattr) <= kAttributeBytesMax);
  const nlattr header{static_cast<std::uint16_t>(sizeof(nlattr) + value.size()), type};
  const std::size_t at = out.size();
  out.resize(at + sizeof header + align_netlink(value.size()));
  std::memcpy(out.data() + at, &header, sizeof header);
  if (!value.empty()) std::memcpy(out.data() + at + sizeof header, value.data(), value.size());
}

void put_text_attribute(std::vector<std::uint8_t>& out, std::uint16_t type, std::string_view text) {
  const std::string terminated(text);
  put_attribute(out, type,
                {reinterpret_cast<const std::uint8_t*>(terminated.c_str()), terminated.size() + 1});
}

}  // namespace ravelin::firewall
