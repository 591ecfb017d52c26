// The flows conntrack knows in the network namespace the process is in. An interface because tests
// need one in memory. One thread. Nothing is changed but by remove().
#pragma once

#include "firewall/kernel/flow.h"
#include "firewall/kernel/netlink_socket.h"

#include <functional>

namespace ravelin::firewall {

class ConntrackTable {
 public:
  virtual ~ConntrackTable() = default;

  // Hands over every flow, one after the other: a table of a million is never in memory at once.
  // Flows that come and go meanwhile may be missing or told twice.
  using Take = std::function<void(const Flow&)>;
  virtual Result<> each(const Take& take) = 0;

  // False: it is gone already. The next packet of it is that of a new connection.
  virtual Result<bool> remove(const Flow& flow) = 0;
};

class NetlinkConntrack final : public ConntrackTable {
 public:
  // Errc::kernel: no netlink.
  static Result<NetlinkConntrack> open();

  Result<> each(const Take& take) override;
  Result<bool> remove(const Flow& flow) override;

 private:
  explicit NetlinkConntrack(NetlinkSocket socket) : socket_(std::move(socket)) {}

  NetlinkSocket socket_;
  std::uint32_t sequence_ = 1;
};

}  // namespace ravelin::firewall
