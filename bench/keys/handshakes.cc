// bench_key_hop ROUNDS HANDSHAKES: what a full handshake costs the server's side with its key in
// this process and in another one that is asked for the signature, 32 under way at a time, over
// memory. By turns, ROUNDS times; prints the CPU time of a handshake on the server's thread, on the
// thread that takes answers, and in the key process, and the median of the ratios.
#include "bench/must.h"
#include "certs/local_ca.h"
#include "gateway/tls/late_key.h"
#include "gateway/tls/remote/asking_together.h"
#include "gateway/tls/remote/key_id.h"
#include "gateway/tls/remote/remote_key_source.h"
#include "system/keys/serve_keys.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::bench {
namespace {

using gateway::SslPtr;
using messages::SeqSocket;
using ContextPtr = base::Handle<SSL_CTX, SSL_CTX_free>;

constexpr std::size_t kAtOnce = 32;
constexpr int kBioBytes = 64 * 1024;

double cpu_us(clockid_t clock) {
  timespec now{};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) * 1e6 + static_cast<double>(now.tv_nsec) / 1e3;
}

struct Cost {
  double server = 0, line = 0, keys = 0;

  [[nodiscard]] double all() const { return server + line + keys; }
};

struct KeyProcess {
  pid_t pid = 0;
  std::unique_ptr<SeqSocket> control;
  base::OwnedFd line;
};

KeyProcess start_keys(const system::KeyList& list) {
  auto control = must(SeqSocket::make_pair());
  auto line = must(SeqSocket::make_pair());
  KeyProcess process{.pid = ::fork()};
  if (process.pid == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (SeqSocket* end : {&control.first, &line.first})
      const SeqSocket closed(std::move(*end));
    const auto done = system::run_keys(std::move(control.second), {.gateway = list});
    ::_exit(done ? 0 : 1);
  }
  const int handed = line.second.fd();
  must(control.first.send(
      {.message = messages::Hello{.role = messages::Role::gateway, .version = "bench"}},
      std::span(&handed, 1)));
  process.control = std::make_unique<SeqSocket>(std::move(control.first));
  process.line = base::OwnedFd(::dup(line.first.fd()));
  return process;
}

// One connection: both ends, one after the other.
class Handshake {
 public:
  Handshake(SSL_CTX* server, SSL_CTX* client, const certs::CertificatePair& pair)
      : server_(SSL_new(server)), client_(SSL_new(client)) {
    SSL_use_cert_and_key(server_.get(), pair.chain.leaf.get(), pair.key.get(), nullptr, 1);
    SSL_set_accept_state(server_.get());
    SSL_set_connect_state(client_.get());
    BIO* one = nullptr;
    BIO* other = nullptr;
    BIO_new_bio_pair(&one, kBioBytes, &other, kBioBytes);
    SSL_set_bio(server_.get(), one, one);
    SSL_set_bio(client_.get(), other, other);
  }

  // True once both are done; adds what the server's side took.
  bool step(double& server_us) {
    const bool is_client_done = SSL_do_handshake(client_.get()) == 1;
    const double began = cpu_us(CLOCK_THREAD_CPUTIME_ID);
    const int result = SSL_do_handshake(server_.get());
    server_us += cpu_us(CLOCK_THREAD_CPUTIME_ID) - began;
    if (result != 1 && SSL_get_error(server_.get(), result) == SSL_ERROR_SSL) std::abort();
    return is_client_done && result == 1;
  }

  // -1: it does not wait for its key.
  [[nodiscard]] int waits_for() const { return gateway::async_wait_fd(server_.get()); }

 private:
  SslPtr server_;
  SslPtr client_;
};

class Bench {
 public:
  explicit Bench(bool is_rsa) : client_(SSL_CTX_new(TLS_client_method())) {
    auto ca = must(certs::LocalCa::create({.permitted_names = {}, .permitted_ips = {}}));
    here_ = must(ca.issue(
        {.names = {"bench.test"}, .key = is_rsa ? certs::LeafKey::rsa2048 : certs::LeafKey::p256}));
    folder_ = (std::filesystem::temp_directory_path() / "bench-key-hop.XXXXXX").string();
    if (::mkdtemp(folder_.data()) == nullptr) std::abort();
    const certs::PairFiles files{folder_ + "/www.crt", folder_ + "/www.key"};
    std::ofstream(files.chain) << certs::to_pem(here_->chain);
    std::ofstream(files.key) << certs::key_to_pem(here_->key.get());
    std::filesystem::permissions(files.key, std::filesystem::perms::owner_read);
    process_ = start_keys({.files = {{gateway::key_id(files, certs::PairUse::server), files}}});
    keys_ = std::make_shared<gateway::RemoteKeys>();
    std::vector<base::OwnedFd> lines;
    lines.push_back(std::move(process_.line));
    keys_->attach(std::move(lines));
    gateway::RemoteKeySource source(keys_);
    auto loaded = gateway::load_pair_with_key(files, {}, base::wall_now(), source);
    if (loaded.pair == nullptr)
      give_up(base::fail(base::Errc::invalid, "no pair: {}", certs::to_string(loaded.findings)));
    apart_ = loaded.pair;
    std::filesystem::remove_all(folder_);
  }

  Cost run(bool is_apart, unsigned count) {
    const ContextPtr server(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_set_num_tickets(server.get(), 1);
    if (is_apart) SSL_CTX_set_mode(server.get(), SSL_MODE_ASYNC);
    clockid_t keys_clock{};
    ::clock_getcpuclockid(process_.pid, &keys_clock);
    const double keys_before = cpu_us(keys_clock);
    const double own_before = cpu_us(CLOCK_PROCESS_CPUTIME_ID) - cpu_us(CLOCK_THREAD_CPUTIME_ID);
    Cost cost;
    unsigned done = 0;
    // As a worker's loop has it.
    gateway::AskingTogether::Send send;
    const gateway::AskingTogether together(
        [&send](gateway::AskingTogether::Send next) { send = std::move(next); });
    std::vector<std::unique_ptr<Handshake>> running(kAtOnce);
    while (done < count) {
      std::vector<pollfd> waiting;
      bool has_moved = false;
      for (auto& each : running) {
        if (each == nullptr)
          each =
              std::make_unique<Handshake>(server.get(), client_.get(), is_apart ? *apart_ : *here_);
        pollfd key{each->waits_for(), POLLIN, 0};
        if (key.fd >= 0 && ::poll(&key, 1, 0) == 0) {
          waiting.push_back(key);
          continue;
        }
        has_moved = true;
        if (!each->step(cost.server)) continue;
        each.reset();
        ++done;
      }
      if (send) {
        const double began = cpu_us(CLOCK_THREAD_CPUTIME_ID);
        std::exchange(send, nullptr)();
        cost.server += cpu_us(CLOCK_THREAD_CPUTIME_ID) - began;
      }
      if (!has_moved) ::poll(waiting.data(), waiting.size(), 1'000);
    }
    // What is under way counts for neither.
    const double own = cpu_us(CLOCK_PROCESS_CPUTIME_ID) - cpu_us(CLOCK_THREAD_CPUTIME_ID);
    cost.line = own - own_before;
    cost.keys = cpu_us(keys_clock) - keys_before;
    for (auto& each : running)
      if (each != nullptr) finish(*each, send);
    return {cost.server / count, cost.line / count, cost.keys / count};
  }

 private:
  static void finish(Handshake& handshake, gateway::AskingTogether::Send& send) {
    double ignored = 0;
    while (!handshake.step(ignored)) {
      if (send) std::exchange(send, nullptr)();
      pollfd key{handshake.waits_for(), POLLIN, 0};
      if (key.fd >= 0) ::poll(&key, 1, 1'000);
    }
  }

  ContextPtr client_;
  std::string folder_;
  certs::PairPtr here_;
  certs::PairPtr apart_;
  KeyProcess process_;
  std::shared_ptr<gateway::RemoteKeys> keys_;
};

double median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

void report(const char* name, unsigned rounds, unsigned count) {
  Bench bench(name == std::string("rsa2048"));
  std::vector<double> ratios;
  std::vector<Cost> here, apart;
  for (unsigned i = 0; i < rounds; ++i) {
    const bool is_apart_first = i % 2 == 1;
    for (const bool is_apart : {is_apart_first, !is_apart_first})
      (is_apart ? apart : here).push_back(bench.run(is_apart, count));
    ratios.push_back(apart.back().all() / here.back().all());
  }
  const auto of = [](const std::vector<Cost>& costs, double Cost::*part) {
    std::vector<double> values;
    values.reserve(costs.size());
    for (const Cost& cost : costs)
      values.push_back(cost.*part);
    return median(std::move(values));
  };
  fmt::print(
      "{}: here {:.1f} us; apart: server {:.1f}, answers {:.1f}, keys {:.1f} us; "
      "apart : here {:.3f}\n",
      name, of(here, &Cost::server), of(apart, &Cost::server), of(apart, &Cost::line),
      of(apart, &Cost::keys), median(ratios));
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  const unsigned rounds = argc == 3 ? static_cast<unsigned>(std::atoi(argv[1])) : 0;
  const unsigned count = argc == 3 ? static_cast<unsigned>(std::atoi(argv[2])) : 0;
  if (rounds == 0 || count == 0) {
    fmt::print(stderr, "usage: bench_key_hop ROUNDS HANDSHAKES\n");
    return 2;
  }
  std::signal(SIGPIPE, SIG_IGN);
  for (const char* name : {"p256", "rsa2048"})
    ravelin::bench::report(name, rounds, count);
  return 0;
}
