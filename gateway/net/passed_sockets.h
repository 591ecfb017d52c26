// Listening sockets the service manager has opened and passed, by name. Kept for as long as the
// process runs: whoever binds one gets a copy of the descriptor. The control thread.
#pragma once

#include "base/io/systemd.h"
#include "gateway/net/listener.h"

#include <string>
#include <utility>
#include <vector>

namespace ravelin::gateway {

class PassedSockets {
 public:
  PassedSockets() = default;

  // Takes the descriptors: non-blocking and close-on-exec from now on. Error: one that is no
  // listening stream socket.
  static base::Result<PassedSockets> take(const std::vector<base::PassedDescriptor>& descriptors);

  // The descriptors of this name, at least one. Error: there is none, with the names there are.
  [[nodiscard]] base::Result<std::vector<int>> find(const std::string& name) const;

  [[nodiscard]] std::vector<std::string> names() const;  // each once, in the order passed

 private:
  std::vector<std::pair<std::string, OwnedFd>> sockets_;
};

}  // namespace ravelin::gateway
