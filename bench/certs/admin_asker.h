// Asks a running gateway over its admin socket, again and again over one connection, which
// generation of a certificate its workers serve. What goes wrong ends the program. One thread.
#pragma once

#include <cstdint>
#include <string>

namespace ravelin::bench {

class AdminAsker {
 public:
  explicit AdminAsker(const std::string& socket_path);
  AdminAsker(const AdminAsker&) = delete;
  AdminAsker& operator=(const AdminAsker&) = delete;
  ~AdminAsker();

  // Whether all workers serve that generation of it.
  bool is_served(const std::string& name, std::uint64_t generation);

 private:
  std::string ask(const std::string& path);

  int fd_;
};

}  // namespace ravelin::bench
