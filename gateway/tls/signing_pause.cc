#include "gateway/tls/signing_pause.h"

#include "base/check.h"

#include <openssl/async.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace ravelin::gateway {
namespace {

#if defined(__SANITIZE_THREAD__)
constexpr bool kMayPause = false;
#else
constexpr bool kMayPause = true;
#endif

// Set around the last SSL_do_handshake() of a connection that gives up.
thread_local bool abandoning = false;

// Identifies our descriptor among those of a job.
const char kWaitTag = 0;

// Pauses the job until the answer is there. nullopt: given up, or no descriptor to wait for.
std::optional<Signature> wait_for(const std::shared_ptr<PendingSignature>& pending) {
  ASYNC_WAIT_CTX* wait = ASYNC_get_wait_ctx(ASYNC_get_current_job());
  if (pending->fd() < 0 ||
      ASYNC_WAIT_CTX_set_wait_fd(wait, &kWaitTag, pending->fd(), nullptr, nullptr) != 1)
    return std::nullopt;
  bool paused = true;
  while (paused && !abandoning && !pending->is_answered())
    paused = ASYNC_pause_job() == 1;
  ASYNC_WAIT_CTX_clear_fd(wait, &kWaitTag);
  if (!pending->is_answered()) return std::nullopt;
  return pending->signature();
}

}  // namespace

std::optional<Signature> obtain(Signer& signer, SignRequest request) {
  if (!kMayPause || ASYNC_get_current_job() == nullptr) return signer.sign_now(request);
  const auto pending = std::make_shared<PendingSignature>();
  signer.sign(std::move(request), pending);
  if (pending->is_answered()) return pending->signature();
  return wait_for(pending);
}

GivingUp::GivingUp() {
  abandoning = true;
}

GivingUp::~GivingUp() {
  abandoning = false;
}

PendingSignature::PendingSignature() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {}

PendingSignature::~PendingSignature() {
  if (fd_ >= 0) ::close(fd_);
}

void PendingSignature::answer(Signature signature) {
  CHECK(!is_answered());
  signature_ = std::move(signature);
  answered_.store(true, std::memory_order_release);
  if (fd_ >= 0) CHECK(::eventfd_write(fd_, 1) == 0);
}

}  // namespace ravelin::gateway
