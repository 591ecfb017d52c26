// What one thread asks of the key process during one turn of its loop goes out in one system call,
// and wakes that process once. The thread it was made on.
#pragma once

#include <functional>

namespace ravelin::gateway {

class AskingTogether {
 public:
  using Send = std::function<void()>;

  // `later` runs what it is given on this thread, at the end of the turn.
  explicit AskingTogether(std::function<void(Send)> later);
  AskingTogether(const AskingTogether&) = delete;
  AskingTogether& operator=(const AskingTogether&) = delete;
  ~AskingTogether();

  // This thread's; nullptr: it sends at once.
  static AskingTogether* current();

  // `send`: the same for all that is asked in a turn. What it uses outlives this.
  void at_the_end(Send send);

 private:
  std::function<void(Send)> later_;
  bool is_due_ = false;
};

}  // namespace ravelin::gateway
