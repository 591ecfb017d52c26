// A process's connection to its supervisor: what it was started with, and what it asks. Any thread:
// one question after another.
#pragma once

#include "base/result.h"
#include "gateway/net/socket_source.h"
#include "messages/channel/seq_socket.h"
#include "system/supervise/config_stream.h"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::system {

// The descriptor a process finds it at.
inline constexpr int kRoleLinkFd = 3;

class RoleLink final : public gateway::SocketSource {
 public:
  struct Started;

  // Takes kRoleLinkFd and waits for the RoleStart. Error: there is no supervisor at it.
  static base::Result<Started> take();

  explicit RoleLink(messages::SeqSocket socket) : socket_(std::move(socket)) {}

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

  // Readable once the supervisor is gone.
  [[nodiscard]] int fd() const { return socket_.fd(); }

  [[nodiscard]] bool is_alone() const;  // it is gone

 private:
  static constexpr std::chrono::seconds kAnswerMax{30};

  base::Result<> ask(messages::Message message);
  // The next message of the answer to the last question.
  base::Result<messages::Received> next();

  std::mutex mutex_;  // a question and its answer
  messages::SeqSocket socket_;
  std::uint32_t last_id_ = 0;
};

struct RoleLink::Started {
  messages::RoleStart start;
  ConfigSnapshot config;
  std::unique_ptr<RoleLink> link;
};

}  // namespace ravelin::system
