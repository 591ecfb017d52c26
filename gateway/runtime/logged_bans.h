// LoggedBans: a ban is a line in the operator's log; the gateway alone refuses the client. Any
// thread.
#pragma once

#include "messages/ban_sink.h"

namespace ravelin::gateway {

class LoggedBans final : public messages::BanSink {
 public:
  void ban(const messages::BanRequest& request) override;
};

}  // namespace ravelin::gateway
