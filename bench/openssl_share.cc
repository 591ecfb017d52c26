// openssl_share: how much of an idle TLS connection's memory is OpenSSL's own. Holds many
// server-side SSL objects, each after a TLS 1.3 handshake, one request and one answer, and prints
// the resident bytes per object, with or without SSL_MODE_RELEASE_BUFFERS. A child process plays
// the clients, so that only server objects live here.
#include "base/handle.h"
#include "bench/net.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <string_view>
#include <vector>

namespace ravelin::bench {

namespace {

using Context = base::Handle<SSL_CTX, SSL_CTX_free>;
using Ssl = base::Handle<SSL, SSL_free>;

enum class Buffers { released, kept };

constexpr std::size_t kRequestBytes = 100;
constexpr std::size_t kAnswerBytes = 1200;

Context make_server(const char* chain, const char* key, Buffers buffers) {
  Context context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_num_tickets(context.get(), 1);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (buffers == Buffers::released) SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);
  if (SSL_CTX_use_certificate_chain_file(context.get(), chain) != 1 ||
      SSL_CTX_use_PrivateKey_file(context.get(), key, SSL_FILETYPE_PEM) != 1) {
    die("reading the certificate");
  }
  return context;
}

void set_blocking(int fd) {
  const int flags = fcntl(fd, F_GETFL);
  if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) != 0) die("fcntl");
}

// One connection after the other, each closed after its answer: the server's side does not notice.
[[noreturn]] void play_clients(std::uint16_t port, int connections) {
  const Context context(SSL_CTX_new(TLS_client_method()));
  std::array<char, kAnswerBytes> bytes{};
  for (int i = 0; i < connections; ++i) {
    const int fd = connect_loopback(port, 1);
    set_blocking(fd);
    const Ssl ssl(SSL_new(context.get()));
    SSL_set_fd(ssl.get(), fd);
    // SSL_set_tlsext_host_name without its old-style cast.
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>("bench.test"));
    if (SSL_connect(ssl.get()) != 1 || SSL_write(ssl.get(), bytes.data(), kRequestBytes) <= 0 ||
        SSL_read(ssl.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
      die("the client's side of a handshake");
    }
    close(fd);
  }
  _exit(0);
}

Ssl serve_one(int listener, SSL_CTX* context) {
  pollfd waiting{listener, POLLIN, 0};
  if (poll(&waiting, 1, 10'000) != 1) die("waiting for the client");
  const int fd = accept_connection(listener);
  if (fd < 0) die("accept");
  set_blocking(fd);
  Ssl ssl(SSL_new(context));
  SSL_set_fd(ssl.get(), fd);
  std::array<char, kAnswerBytes> bytes{};
  if (SSL_accept(ssl.get()) != 1 ||
      SSL_read(ssl.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0 ||
      SSL_write(ssl.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) {
    die("the server's side of a handshake");
  }
  return ssl;
}

double resident_bytes() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

double bytes_per_connection(std::uint16_t port, SSL_CTX* context, int connections) {
  constexpr int kWarmUp = 100;  // one-time allocations of the library
  const int listener = listen_loopback(port);
  const pid_t child = fork();
  if (child == 0) play_clients(port, connections + kWarmUp);
  std::vector<Ssl> held;
  held.reserve(static_cast<std::size_t>(connections) + kWarmUp);
  for (int i = 0; i < kWarmUp; ++i)
    held.push_back(serve_one(listener, context));
  const double before = resident_bytes();
  for (int i = 0; i < connections; ++i)
    held.push_back(serve_one(listener, context));
  const double grown = resident_bytes() - before;
  waitpid(child, nullptr, 0);
  return grown / connections;
}

}  // namespace

}  // namespace ravelin::bench

int main(int argc, char** argv) {
  using namespace ravelin::bench;
  if (argc != 6) {
    errno = 0;
    die("usage: bench_openssl_share PORT CONNECTIONS CHAIN KEY released|kept");
  }
  const bool releases = std::string_view(argv[5]) == "released";
  const Context context =
      make_server(argv[3], argv[4], releases ? Buffers::released : Buffers::kept);
  const int connections = std::atoi(argv[2]);
  fmt::print("{:.0f}\n", bytes_per_connection(parse_port(argv[1]), context.get(), connections));
}
