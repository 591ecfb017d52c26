#include "gateway/tls/remote/asking_together.h"

#include <utility>

namespace ravelin::gateway {
namespace {

// OpenSSL tells a key nothing of who has it sign.
thread_local AskingTogether* of_this_thread = nullptr;

}  // namespace

AskingTogether::AskingTogether(std::function<void(Send)> later) : later_(std::move(later)) {
  of_this_thread = this;
}

AskingTogether::~AskingTogether() {
  of_this_thread = nullptr;
}

AskingTogether* AskingTogether::current() {
  return of_this_thread;
}

void AskingTogether::at_the_end(Send send) {
  if (std::exchange(is_due_, true)) return;
  later_([this, send = std::move(send)] {
    is_due_ = false;
    send();
  });
}

}  // namespace ravelin::gateway
