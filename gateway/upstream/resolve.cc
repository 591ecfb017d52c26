#include "gateway/upstream/resolve.h"

#include "base/io/log.h"
#include "base/text.h"

#include <netdb.h>
#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>

namespace ravelin::gateway {

using base::Errc;
using base::Error;
using base::fail;
using base::NameEndpoint;
using base::Result;

namespace {

constexpr std::size_t kThreadsMax = 4;  // so that one dead name server does not hold up the rest

Error name_error(const NameEndpoint& endpoint, int code, int error_number) {
  if (code == EAI_SYSTEM)
    return base::fail_errno(error_number, fmt::format("resolving \"{}\"", endpoint.name));
  const Errc kind = code == EAI_NONAME ? Errc::not_found : Errc::unavailable;
  return fail(kind, "resolving \"{}\": {}", endpoint.name, base::to_lower(::gai_strerror(code)));
}

void set_port(SocketAddress& address, std::uint16_t port) {
  const base::IpEndpoint found = to_endpoint(address);
  address = to_socket_address(base::IpEndpoint{found.address, port});
}

bool same(const SocketAddress& a, const SocketAddress& b) {
  return to_endpoint(a) == to_endpoint(b);
}

}  // namespace

Result<AddressList> look_up_name(const NameEndpoint& endpoint) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(endpoint.name.c_str(), nullptr, &hints, &found);
  if (code != 0) return name_error(endpoint, code, errno);
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  AddressList addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    if (one->ai_family != AF_INET && one->ai_family != AF_INET6) continue;
    if (addresses.size() == kAddressesMax) break;
    SocketAddress address;
    std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    address.length = one->ai_addrlen;
    set_port(address, endpoint.port);
    const bool known =
        std::ranges::any_of(addresses, [&](const auto& other) { return same(other, address); });
    if (!known) addresses.push_back(address);
  }
  if (addresses.empty())
    return fail(Errc::not_found, "resolving \"{}\": no IPv4 or IPv6 address", endpoint.name);
  return addresses;
}

// What the threads and the resolver share. A thread that is left behind keeps it alive.
struct Resolver::Shared {
  struct Question {
    NameEndpoint endpoint;
    Answer answer;
  };

  std::mutex mutex;
  std::condition_variable changed;
  Reactor* reactor = nullptr;  // null once closed: nothing may be posted any more
  LookUp look_up = nullptr;
  std::deque<Question> waiting;
  std::size_t idle = 0;
  std::size_t running = 0;
  std::vector<pthread_t> threads;

  static void* run(void* shared);
  void work(const std::shared_ptr<Shared>& self);
  bool start_thread(const std::shared_ptr<Shared>& self);
};

void* Resolver::Shared::run(void* shared) {
  const std::unique_ptr<std::shared_ptr<Shared>> own(static_cast<std::shared_ptr<Shared>*>(shared));
  (*own)->work(*own);
  return nullptr;
}

void Resolver::Shared::work(const std::shared_ptr<Shared>& self) {
  std::unique_lock lock(mutex);
  while (reactor != nullptr) {
    if (waiting.empty()) {
      ++idle;
      changed.wait(lock);
      --idle;
      continue;
    }
    Question question = std::move(waiting.front());
    waiting.pop_front();
    lock.unlock();
    Result<AddressList> found = look_up(question.endpoint);
    lock.lock();
    if (reactor == nullptr) break;
    reactor->post([self, answer = std::move(question.answer), found = std::move(found)]() mutable {
      // The control thread alone closes, so this is still true when the answer looks.
      if (self->reactor != nullptr) answer(std::move(found));
    });
  }
  --running;
  changed.notify_all();
}

// With the mutex held. Signals belong to the main thread.
bool Resolver::Shared::start_thread(const std::shared_ptr<Shared>& self) {
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  auto own = std::make_unique<std::shared_ptr<Shared>>(self);
  pthread_t thread{};
  const int error = ::pthread_create(&thread, nullptr, run, own.get());
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (error != 0) return false;
  static_cast<void>(own.release());  // the thread's now
  threads.push_back(thread);
  ++running;
  return true;
}

Resolver::Resolver(Reactor& reactor, LookUp look_up) : shared_(std::make_shared<Shared>()) {
  shared_->reactor = &reactor;
  shared_->look_up = look_up;
}

// getaddrinfo has no end of its own that could be awaited: what still runs after kEndMax is the one
// thread of the gateway that is not joined. It touches nothing but what it shares.
Resolver::~Resolver() {
  std::unique_lock lock(shared_->mutex);
  shared_->reactor = nullptr;
  shared_->waiting.clear();
  shared_->changed.notify_all();
  const bool ended =
      shared_->changed.wait_for(lock, kEndMax, [this] { return shared_->running == 0; });
  const std::vector<pthread_t> threads = std::move(shared_->threads);
  lock.unlock();
  for (const pthread_t thread : threads) {
    if (ended) {
      ::pthread_join(thread, nullptr);
    } else {
      ::pthread_detach(thread);
    }
  }
}

void Resolver::ask(NameEndpoint endpoint, Answer answer) {
  const std::lock_guard lock(shared_->mutex);
  shared_->waiting.push_back({std::move(endpoint), std::move(answer)});
  const bool wants_thread = shared_->waiting.size() > shared_->idle;
  if (wants_thread && shared_->threads.size() < kThreadsMax && !shared_->start_thread(shared_) &&
      shared_->threads.empty()) {
    base::log_error("health", "no thread to resolve names on", {});
  }
  shared_->changed.notify_one();
}

}  // namespace ravelin::gateway
