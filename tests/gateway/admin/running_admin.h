// An AdminServer on a thread of its own, with a Unix socket in a new directory and a free TCP port.
#pragma once

#include "gateway/admin/admin_server.h"
#include "tests/gateway/admin/fake_backend.h"

#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>

namespace ravelin::gateway {

class RunningAdmin {
 public:
  RunningAdmin() {
    std::string name = (std::filesystem::temp_directory_path() / "ravelin-admin-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
    options.socket = directory_ + "/admin.sock";
    options.listen = base::IpEndpoint{.address = {.bytes = {127, 0, 0, 1}}, .port = 0};
  }

  RunningAdmin(const RunningAdmin&) = delete;
  RunningAdmin& operator=(const RunningAdmin&) = delete;

  ~RunningAdmin() {
    stop();
    std::filesystem::remove_all(directory_);
  }

  base::Result<void> start() {
    auto opened = AdminServer::open(reactor_, backend, options);
    if (!opened) return opened.error();
    server_ = std::move(*opened);
    thread_ = std::thread([this] { reactor_.run(); });
    return {};
  }

  // Ends the thread first, then the server: connections that are open are cut.
  void stop() {
    if (thread_.joinable()) {
      reactor_.stop();
      thread_.join();
    }
    server_.reset();
  }

  // How many are open now, asked on the server's thread.
  std::size_t connections() {
    std::promise<std::size_t> answer;
    reactor_.post([&] { answer.set_value(server_->connections()); });
    return answer.get_future().get();
  }

  [[nodiscard]] base::IpEndpoint tcp() const { return *server_->bound(); }

  [[nodiscard]] const std::string& directory() const { return directory_; }

  FakeBackend backend;  // before start(), or by requests
  AdminOptions options;

 private:
  std::string directory_;
  Reactor reactor_;
  std::unique_ptr<AdminServer> server_;
  std::thread thread_;
};

}  // namespace ravelin::gateway
