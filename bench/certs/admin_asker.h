// Asks a running gateway over its admin socket, again and again, which generation of a certificate
// its workers serve. What goes wrong ends the program. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace ravelin::bench {

class AdminAsker {
 public:
  explicit AdminAsker(std::string socket_path) : path_(std::move(socket_path)) {}

  AdminAsker(const AdminAsker&) = delete;
  AdminAsker& operator=(const AdminAsker&) = delete;
  ~AdminAsker();

  // Begins with a connection of its own: the gateway ends those that are idle.
  void connect();

  // Whether all workers serve that generation of it.
  bool is_served(const std::string& name, std::uint64_t generation);

 private:
  std::string ask(const std::string& path);

  static constexpr int kRequestsMax = 50;  // per connection; the gateway takes twice as many

  std::string path_;
  int fd_ = -1;
  int requests_ = 0;
};

}  // namespace ravelin::bench
