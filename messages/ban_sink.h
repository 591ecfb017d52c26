// The seam between what notices abuse and what ends it: the gateway asks, the firewall acts, and
// neither knows the other.
#pragma once

#include "messages/message.h"

namespace ravelin::messages {

class BanSink {
 public:
  virtual ~BanSink() = default;

  // Called on worker threads, from several at once; must not block, and may drop requests when it
  // cannot keep up (then it counts them). The caller does not learn the outcome.
  virtual void ban(const BanRequest& request) = 0;
};

}  // namespace ravelin::messages
