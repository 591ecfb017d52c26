// A process's connection to its supervisor: what it was started with, what it asks, and what it is
// told unasked. Any thread: one question after another.
#pragma once

#include "base/io/spawn_program.h"
#include "base/result.h"
#include "gateway/net/socket_source.h"
#include "messages/channel/seq_socket.h"
#include "system/supervise/config_stream.h"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace ravelin::system {

inline constexpr std::string_view kSupervisorPart = "supervisor";  // of the log

// The descriptor a process finds it at.
inline constexpr int kRoleLinkFd = base::kSpawnLink;

class RoleLink final : public gateway::SocketSource {
 public:
  struct Started;

  // Takes kRoleLinkFd and waits for the RoleStart. Error: there is no supervisor at it.
  static base::Result<Started> take();

  explicit RoleLink(messages::SeqSocket socket) : socket_(std::move(socket)) {}

  ~RoleLink() override;

  // Called on a thread of the link's own.
  struct Handlers {
    // Connections to another process of this role.
    std::function<void(messages::Role, std::vector<base::OwnedFd>)> met;
    std::function<void()> alone;  // the supervisor is gone
  };

  // Takes what comes from now on; before it nothing can be asked. After confine(): it is a thread.
  void start(Handlers handlers);
  // No handler is called any more.
  void stop();

  base::Result<std::vector<base::OwnedFd>> open(const gateway::ListenAddress& address,
                                                std::size_t count) override;
  void release(const gateway::ListenAddress& address) override;

  // The access log at this path; none yet of a pipe nobody reads. Error: the configuration has no
  // such log; it cannot be opened.
  base::Result<base::OwnedFd> open_log(const std::string& path);

  // The configuration as it is now, which is the next one. Error: it is refused, with the findings.
  base::Result<ConfigSnapshot> ask_for_reload();
  void tell_reload_ended(bool is_done);

  void tell(messages::Role role, messages::Condition condition, const std::string& text);

  struct Processes {
    std::vector<messages::ProcessState> states;
    std::optional<messages::UpgradeState> last_upgrade;
  };

  base::Result<Processes> processes();

  // Error: not now, and why.
  base::Result<> ask_for_upgrade();

  [[nodiscard]] bool is_alone() const;  // it is gone

  // For a process that goes on with the connection itself, and has not called start().
  messages::SeqSocket take_socket() { return std::move(socket_); }

  messages::SeqSocket& socket() { return socket_; }

 private:
  // Longer than reading the configuration and telling the firewall may take.
  static constexpr std::chrono::seconds kAnswerMax{90};

  base::Result<> ask(messages::Message message);
  // Of a question that HandedOver answers.
  base::Result<std::vector<base::OwnedFd>> ask_for_descriptors(messages::Message message);
  // The next message of the answer to the last question.
  base::Result<messages::Received> next();
  void read();
  void take_in(messages::Received received);

  std::mutex mutex_;  // a question and its answer
  messages::SeqSocket socket_;
  std::uint32_t last_id_ = 0;
  Handlers handlers_;
  std::mutex inbox_mutex_;
  std::condition_variable arrived_;
  std::deque<messages::Received> inbox_;  // answers
  bool is_closed_ = false;
  std::atomic<bool> is_ending_{false};
  std::thread reader_;
};

struct RoleLink::Started {
  messages::RoleStart start;
  ConfigSnapshot config;
  std::optional<ConfigSnapshot> next;  // another one that may follow soon
  std::unique_ptr<RoleLink> link;
};

}  // namespace ravelin::system
