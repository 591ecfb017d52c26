// floor PORT BACKEND-PORT CHAIN KEY [PROCESSES]: the least a TLS gateway can cost: epoll, TLS on
// the descriptor, bytes passed on unread to a kept backend connection and back. No parsing, no
// routes, no deadlines: it serves nobody well and marks the limit that the gateways are measured
// against.
#include "base/handle.h"
#include "bench/net.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ravelin::bench {

namespace {

using Context = base::Handle<SSL_CTX, SSL_CTX_free>;

std::array<char, 64 * 1024> scratch;

Context make_context(const char* chain, const char* key) {
  Context context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_RELEASE_BUFFERS |
                                      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context.get(), 1);
  if (SSL_CTX_set1_groups_list(context.get(), "X25519:P-256") != 1 ||
      SSL_CTX_use_certificate_chain_file(context.get(), chain) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key, SSL_FILETYPE_PEM) != 1) {
    die("reading the certificate");
  }
  return context;
}

class Pair;

// What epoll hands back: which end of which pair.
struct End {
  Pair* pair;
  bool is_client;
};

struct Shared {
  int epoll;
  std::uint16_t backend_port;
  SSL_CTX* context;
  std::vector<int> spare;                    // backend connections without a client
  std::vector<std::unique_ptr<Pair>> ended;  // freed once the batch of events is done
};

// A client and its backend connection.
class Pair {
 public:
  Pair(Shared& shared, int client);
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair();

  void on_event(bool is_client, std::uint32_t events);

 private:
  bool client_readable();
  bool backend_readable();
  bool to_backend(std::string_view bytes);
  bool to_client(std::string_view bytes);
  void rearm();
  void end();

  Shared& shared_;
  int client_;
  int backend_;
  base::Handle<SSL, SSL_free> ssl_;
  End client_end_{this, true};
  End backend_end_{this, false};
  std::string for_backend_;     // not empty: the backend is slow, the client is not read
  std::string for_client_;      // not empty: the client is slow, the backend is not read
  bool is_answer_due_ = false;  // bytes went to the backend and none came back yet
  bool has_ended_ = false;
};

// A backend connection: a spare one that no late answer waits on, else a new one.
int take_backend(Shared& shared) {
  while (!shared.spare.empty()) {
    const int fd = shared.spare.back();
    shared.spare.pop_back();
    char byte = 0;
    if (recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN) return fd;
    close(fd);
  }
  return connect_loopback(shared.backend_port, 1);
}

Pair::Pair(Shared& shared, int client)
    : shared_(shared), client_(client), backend_(take_backend(shared)) {
  ssl_.reset(SSL_new(shared.context));
  SSL_set_fd(ssl_.get(), client);
  SSL_set_accept_state(ssl_.get());
  watch(shared.epoll, EPOLL_CTL_ADD, client, EPOLLIN, &client_end_);
  watch(shared.epoll, EPOLL_CTL_ADD, backend_, EPOLLIN, &backend_end_);
}

Pair::~Pair() {
  close(client_);
  if (is_answer_due_ || !for_client_.empty()) {
    close(backend_);
    return;
  }
  epoll_ctl(shared_.epoll, EPOLL_CTL_DEL, backend_, nullptr);
  shared_.spare.push_back(backend_);
}

void Pair::on_event(bool is_client, std::uint32_t events) {
  if (has_ended_) return;
  std::string& unsent = is_client ? for_client_ : for_backend_;
  const bool may_read = is_client ? for_backend_.empty() : for_client_.empty();
  bool is_alive = may_read || (events & (EPOLLHUP | EPOLLERR)) == 0;
  if (!unsent.empty() && (events & EPOLLOUT) != 0) {
    const std::string bytes = std::exchange(unsent, {});
    is_alive = is_client ? to_client(bytes) : to_backend(bytes);
    rearm();
    // Records that were read ahead raise no event of their own.
    if (is_alive && !is_client && for_backend_.empty() && SSL_has_pending(ssl_.get()) == 1) {
      is_alive = client_readable();
    }
  } else if (may_read && (events & ~std::uint32_t{EPOLLOUT}) != 0) {
    is_alive = is_client ? client_readable() : backend_readable();
  }
  if (!is_alive) end();
}

bool Pair::client_readable() {
  do {
    const int got = SSL_read(ssl_.get(), scratch.data(), static_cast<int>(scratch.size()));
    if (got <= 0) {
      const int error = SSL_get_error(ssl_.get(), got);
      ERR_clear_error();
      return error == SSL_ERROR_WANT_READ;
    }
    if (!to_backend({scratch.data(), static_cast<std::size_t>(got)})) return false;
  } while (SSL_has_pending(ssl_.get()) == 1 && for_backend_.empty());
  return true;
}

bool Pair::to_backend(std::string_view bytes) {
  is_answer_due_ = true;
  const ssize_t sent = send(backend_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0 && errno != EAGAIN) return false;
  bytes.remove_prefix(sent < 0 ? 0 : static_cast<std::size_t>(sent));
  if (bytes.empty()) return true;
  for_backend_ = bytes;
  rearm();
  return true;
}

bool Pair::backend_readable() {
  const ssize_t got = recv(backend_, scratch.data(), scratch.size(), 0);
  if (got < 0) return errno == EAGAIN;
  if (got == 0) return false;
  is_answer_due_ = false;
  return to_client({scratch.data(), static_cast<std::size_t>(got)});
}

bool Pair::to_client(std::string_view bytes) {
  while (!bytes.empty()) {
    const int sent = SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (sent <= 0) {
      const int error = SSL_get_error(ssl_.get(), sent);
      ERR_clear_error();
      if (error != SSL_ERROR_WANT_WRITE) return false;
      for_client_ = bytes;
      rearm();
      return true;
    }
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

// Reads from a side only while nothing waits for the other.
void Pair::rearm() {
  const auto events = [](bool reads, bool writes) {
    return (reads ? std::uint32_t{EPOLLIN} : 0U) | (writes ? std::uint32_t{EPOLLOUT} : 0U);
  };
  const bool client_waits = !for_client_.empty();
  const bool backend_waits = !for_backend_.empty();
  watch(shared_.epoll, EPOLL_CTL_MOD, client_, events(!backend_waits, client_waits), &client_end_);
  watch(shared_.epoll, EPOLL_CTL_MOD, backend_, events(!client_waits, backend_waits),
        &backend_end_);
}

void Pair::end() {
  has_ended_ = true;
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
  shared_.ended.emplace_back(this);
}

[[noreturn]] void serve(std::uint16_t port, std::uint16_t backend_port, SSL_CTX* context) {
  Shared shared{epoll_create1(EPOLL_CLOEXEC), backend_port, context, {}, {}};
  const int listener = listen_loopback(port);
  watch(shared.epoll, EPOLL_CTL_ADD, listener, EPOLLIN, nullptr);
  std::array<epoll_event, 256> events;
  for (;;) {
    const int ready = epoll_wait(shared.epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events[static_cast<std::size_t>(i)];
      auto* end = static_cast<End*>(event.data.ptr);
      if (end != nullptr) {
        end->pair->on_event(end->is_client, event.events);
        continue;
      }
      for (int fd = accept_connection(listener); fd >= 0; fd = accept_connection(listener)) {
        // Owned by its registration, until end().
        static_cast<void>(std::make_unique<Pair>(shared, fd).release());
      }
    }
    shared.ended.clear();
  }
}

}  // namespace

}  // namespace ravelin::bench

int main(int argc, char** argv) {
  using namespace ravelin::bench;
  if (argc != 5 && argc != 6) {
    errno = 0;
    die("usage: bench_floor PORT BACKEND-PORT CHAIN KEY [PROCESSES]");
  }
  std::signal(SIGPIPE, SIG_IGN);  // OpenSSL writes without MSG_NOSIGNAL
  const Context context = make_context(argv[3], argv[4]);
  const std::uint16_t port = parse_port(argv[1]);
  const std::uint16_t backend_port = parse_port(argv[2]);
  const int processes = argc == 6 ? std::atoi(argv[5]) : 1;
  for (int i = 1; i < processes; ++i) {
    if (fork() != 0) continue;
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // the harness knows the first process only
    serve(port, backend_port, context.get());
  }
  serve(port, backend_port, context.get());
}
