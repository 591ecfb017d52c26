// Questions and batches over one socket, with the numbers that tell their answers apart. One
// thread.
#pragma once

#include "firewall/kernel/batch.h"
#include "firewall/kernel/netlink_socket.h"
#include "firewall/kernel/replies.h"

#include <functional>
#include <optional>
#include <vector>

namespace ravelin::firewall {

// All the kernel said to a batch.
struct Outcome {
  std::vector<KernelError> errors;  // in the order of its messages; at most kErrorsMax
  std::size_t errors_beyond = 0;    // so many more
  bool is_acknowledged = false;
  bool is_incomplete = false;  // answers were lost
};

inline constexpr std::size_t kErrorsMax = 64;

class Channel {
 public:
  explicit Channel(NetlinkSocket socket) : socket_(std::move(socket)) {}

  // For the next Batch.
  [[nodiscard]] std::uint32_t sequence() const { return sequence_; }

  Result<Outcome> transact(const Batch& batch);

  // Asks for one thing and hands the answer over; false: it does not exist (ENOENT).
  using Take = std::function<void(const Reply&)>;
  Result<bool> ask(std::uint16_t type, ByteSpan body, const Take& take);

  // Asks for all of a kind. Errc::conflict: the ruleset changed meanwhile, or is not that of
  // `generation`; what was handed over is then of no use.
  Result<> dump(std::uint16_t type, ByteSpan body, Generation generation, const Take& take,
                std::uint8_t family = kInetFamily);

  Result<Generation> generation();

  [[nodiscard]] std::uint32_t port() const { return socket_.port(); }

 private:
  Result<std::vector<Reply>> next_answers(std::uint32_t sequence);

  NetlinkSocket socket_;
  std::uint32_t sequence_ = 1;
};

}  // namespace ravelin::firewall
