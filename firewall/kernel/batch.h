// One nftables transaction as bytes: everything between BATCH_BEGIN and BATCH_END in one buffer,
// for one sendmsg. Nothing here talks to the kernel. One thread.
#pragma once

#include "firewall/kernel/attributes.h"
#include "firewall/kernel/growing_buffer.h"
#include "firewall/kernel/kernel.h"

#include <linux/netlink.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace ravelin::firewall {

// What stands at one sequence number, to tell what an error is about.
struct BatchMessage {
  std::size_t offset = 0;  // of its header in the buffer
  std::size_t step = 0;    // of the transaction
};

class Batch {
 public:
  // The begin has `sequence`, messages the numbers behind it. With `based_on` the kernel takes the
  // batch only while that is its generation.
  Batch(std::uint32_t sequence, std::optional<Generation> based_on);

  // A header to which libnftnl may put up to 60 KiB of attributes; valid until finish(). `type` is
  // NFT_MSG_*, `flags` go with NLM_F_REQUEST.
  nlmsghdr* start(std::uint16_t type, std::uint16_t flags, std::size_t step);
  // Takes what start() handed out, as long as its nlmsg_len says.
  void finish();

  // A header at the end of the buffer, for attributes that are put there directly with extend();
  // close() writes its length. Not while start() is open.
  void open(std::uint16_t type, std::uint16_t flags, std::size_t step);

  // So many more bytes, at the end; the place is good until the next call, and all of it is to be
  // written.
  std::uint8_t* extend(std::size_t bytes) { return buffer_.extend(bytes); }

  void close();

  // Room for so many bytes more, in one piece.
  void reserve(std::size_t bytes) { buffer_.reserve(bytes); }

  // The end, which the kernel acknowledges from 6.10 on when asked to. Without an end the kernel
  // checks everything and does nothing.
  enum class Ack { none, wanted };
  void end(Ack ack);

  [[nodiscard]] ByteSpan bytes() const { return buffer_.bytes(); }

  [[nodiscard]] std::size_t size() const { return buffer_.size(); }

  [[nodiscard]] std::uint32_t first_sequence() const { return first_sequence_; }

  [[nodiscard]] std::uint32_t next_sequence() const { return next_sequence_; }

  // None: the begin, the end, or no number of this batch.
  [[nodiscard]] const BatchMessage* find(std::uint32_t sequence) const;
  // The bytes of one message.
  [[nodiscard]] ByteSpan message(const BatchMessage& message) const;

 private:
  void put_bound(std::uint16_t type, std::uint16_t flags);
  nlmsghdr header(std::uint16_t type, std::uint16_t flags, std::size_t step);

  GrowingBuffer buffer_;
  std::vector<std::uint8_t> scratch_;
  std::vector<BatchMessage> messages_;  // of the sequence numbers behind the begin
  std::uint32_t first_sequence_;
  std::uint32_t next_sequence_;
};

inline constexpr std::uint8_t kInetFamily = 1;  // NFPROTO_INET, that of our table

// A message outside any batch: a question. `body` are its attributes; family 0 is every family.
std::vector<std::uint8_t> request(std::uint16_t type, std::uint16_t flags, std::uint32_t sequence,
                                  ByteSpan body = {}, std::uint8_t family = kInetFamily);

// One attribute at the end of `out`, padded.
void put_attribute(std::vector<std::uint8_t>& out, std::uint16_t type, ByteSpan value);
void put_text_attribute(std::vector<std::uint8_t>& out, std::uint16_t type, std::string_view text);

}  // namespace ravelin::firewall
