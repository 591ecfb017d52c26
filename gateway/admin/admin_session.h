// AdminSession: one client of the admin server, from its first byte to the close: reads a request
// within limits, has it answered, writes the response. Control thread. Beast parses: these bytes
// come from the operator's side, and what its version 1.81 gets wrong (transfer codings) is refused
// before it gets there.
#pragma once

#include "base/io/task.h"
#include "gateway/admin/admin_api.h"
#include "gateway/net/listener.h"
#include "gateway/net/socket.h"

#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

namespace ravelin::gateway {

inline constexpr std::uint32_t kAdminHeaderBytesMax = 8 * 1024;
inline constexpr std::uint64_t kAdminBodyBytesMax = 64 * 1024;
inline constexpr int kAdminRequestsMax = 100;  // of one connection

struct AdminCaller {
  AdminChannel channel = AdminChannel::tcp;
  bool is_trusted = false;
  std::string name;  // for the log: "uid 0, pid 4711"
};

class AdminSession {
 public:
  // Both references must outlive it. `deadline`: to send a whole request; to take a whole response.
  AdminSession(Reactor& reactor, AdminBackend& backend, OwnedFd fd, AdminCaller caller,
               std::chrono::milliseconds deadline);
  AdminSession(const AdminSession&) = delete;
  AdminSession& operator=(const AdminSession&) = delete;
  ~AdminSession() = default;

  // Returns when the connection is over.
  base::Task<void> serve();
  // Makes serve(), which must be waiting, return before this does.
  void stop();

 private:
  using Parser = boost::beast::http::request_parser<boost::beast::http::string_body>;

  enum class Progress : unsigned char { more, complete, refused };
  enum class Received : unsigned char { request, refused, closed };

  base::Task<Received> receive(Parser& parser);
  Progress take_input(Parser& parser);
  bool accepts_head(const Parser& parser);
  void refuse(int status, std::string_view code, std::string_view message);
  AdminResponse answer(Parser& parser);
  base::Task<bool> send(std::string text);
  base::Task<Wake> wait_readable(base::MonoTime deadline);
  base::Task<Wake> pause(base::Duration time);
  base::Task<void> end_politely();

  Reactor& reactor_;
  AdminBackend& backend_;
  Socket socket_;
  AdminCaller caller_;
  base::Duration deadline_;
  std::array<char, 4096> scratch_{};
  std::string input_;  // received, not parsed yet
  AdminResponse refusal_;
  bool wants_continue_ = false;
  bool is_stopped_ = false;
  Waiter* waiting_ = nullptr;
};

}  // namespace ravelin::gateway
