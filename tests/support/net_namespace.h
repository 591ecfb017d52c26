// A network namespace of a test's own: tests of the kernel write nowhere else. Needs root.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace ravelin::test {

// The calling thread, and processes it starts, are in a new network namespace while this lives;
// afterwards the thread is back where it was and the namespace is gone.
class NetNamespace {
 public:
  // Error: not allowed to; says how to run the test.
  static base::Result<NetNamespace> enter();
  NetNamespace(NetNamespace&& other) noexcept;
  NetNamespace& operator=(NetNamespace&&) = delete;
  NetNamespace(const NetNamespace&) = delete;
  NetNamespace& operator=(const NetNamespace&) = delete;
  ~NetNamespace();

  // Whether the calling thread is in a namespace other than the one it came from and, where that
  // may be asked, that of process 1.
  [[nodiscard]] bool is_entered() const;

 private:
  explicit NetNamespace(int origin) : origin_(origin) {}

  int origin_;  // descriptor of the namespace to go back to
};

// What a command printed, both streams; it runs where the calling thread is. Its input is `input`.
struct CommandResult {
  int status = -1;
  std::string output;
};

CommandResult run_command(const std::string& command, std::string_view input = {});

}  // namespace ravelin::test
