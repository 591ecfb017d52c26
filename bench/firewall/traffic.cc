// bench_firewall_traffic ROUNDS SLICE_MS WHERE...: what a new connection and a denied packet cost
// behind rulesets that are compared. WHERE is NAME,SERVER,CLIENT,ADDRESS,PROBES: two network
// namespaces, the server's address, and a file of "tcp SOURCE PORT" (allowed), "late SOURCE PORT"
// (TCP, allowed by one of the last rules) and "udp SOURCE PORT" (denied).
//
// Client and server are this one process, and a veth hands each packet to the other side within the
// sender's system call, so that CPU time of the process is all of it: both ends, both ways, and the
// ruleset. Places take turns in slices of SLICE_MS of CPU time, so that what else the machine does
// meets all of them alike. Prints JSON: CPU µs per connection, late connection and
// denied packet, by place and round.
#include "bench/net.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace ravelin::bench {
namespace {

double cpu_us() {
  timespec time{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

// Sockets opened from now on belong to that namespace; those there are stay where they are.
void enter(const std::string& name) {
  const int fd = open(("/run/netns/" + name).c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0 || setns(fd, CLONE_NEWNET) != 0) die(("entering " + name).c_str());
  close(fd);
}

sockaddr_in address_of(const std::string& host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  if (inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1) die(host.c_str());
  return address;
}

const sockaddr* plain(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

void set_on(int fd, int level, int option) {
  const int on = 1;
  if (setsockopt(fd, level, option, &on, sizeof on) != 0) die("setsockopt");
}

int bound_socket(int type, const sockaddr_in& address) {
  const int fd = socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) die("socket");
  if (type == SOCK_STREAM) set_on(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT);
  set_on(fd, SOL_SOCKET, SO_REUSEADDR);
  if (bind(fd, plain(address), sizeof address) != 0) die("bind");
  return fd;
}

// Closing sends a reset at once: nothing of the connection is left behind.
void reset_on_close(int fd) {
  const linger now{1, 0};
  if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now) != 0) die("SO_LINGER");
}

struct TcpProbe {
  sockaddr_in source, target;
  int listener;
};

struct Place {
  std::string name, server, client, address;
  std::vector<TcpProbe> connections, late_connections;
  std::vector<int> denied;  // UDP sockets, each connected to where nothing may arrive
  std::vector<double> connection_us, late_us, packet_us;
};

bool is_readable(int fd, int patience_ms) {
  pollfd ready{fd, POLLIN, 0};
  return poll(&ready, 1, patience_ms) > 0;
}

void connect_once(const Place& place, const TcpProbe& probe) {
  constexpr int kPatienceMs = 2000;
  const int client = bound_socket(SOCK_STREAM, probe.source);
  reset_on_close(client);
  if (connect(client, plain(probe.target), sizeof probe.target) != 0 && errno != EINPROGRESS)
    die(("connecting in " + place.name).c_str());
  int server = accept4(probe.listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (server < 0 && is_readable(probe.listener, kPatienceMs))
    server = accept4(probe.listener, nullptr, nullptr, SOCK_CLOEXEC);
  if (server < 0)
    die(("a connection that is allowed did not come through in " + place.name).c_str());
  reset_on_close(server);
  close(server);
  close(client);
}

Place parse_place(const std::string& word, std::string& probes) {
  Place place;
  std::istringstream fields(word);
  for (std::string* field : {&place.name, &place.server, &place.client, &place.address, &probes}) {
    if (!std::getline(fields, *field, ',')) die("a place is NAME,SERVER,CLIENT,ADDRESS,PROBES");
  }
  return place;
}

int denied_socket(const Place& place, const std::string& source, std::uint16_t port) {
  const sockaddr_in target = address_of(place.address, port);
  enter(place.server);
  const int receiver = bound_socket(SOCK_DGRAM, target);
  enter(place.client);
  const int sender = bound_socket(SOCK_DGRAM, address_of(source, 0));
  if (connect(sender, plain(target), sizeof target) != 0) die("connecting a UDP socket");
  constexpr int kPatienceMs = 1;
  if (send(sender, "denied?", 7, 0) != 7) die("sending");
  if (is_readable(receiver, kPatienceMs))
    die(("a denied packet came through in " + place.name).c_str());
  close(receiver);
  return sender;
}

Place open_place(const std::string& word) {
  std::string path, kind, source;
  Place place = parse_place(word, path);
  std::ifstream probes(path);
  std::map<std::uint16_t, int> listeners;
  for (std::uint16_t port = 0; probes >> kind >> source >> port;) {
    if (kind == "udp") {
      place.denied.push_back(denied_socket(place, source, port));
      continue;
    }
    const sockaddr_in target = address_of(place.address, port);
    enter(place.server);
    const auto [listener, is_new] = listeners.emplace(port, -1);
    if (is_new) listener->second = bound_socket(SOCK_STREAM, target);
    if (is_new && listen(listener->second, SOMAXCONN) != 0) die("listen");
    enter(place.client);
    auto& connections = kind == "late" ? place.late_connections : place.connections;
    connections.push_back({address_of(source, 0), target, listener->second});
    connect_once(place, connections.back());
  }
  if (place.connections.empty()) die("a place has no probes");
  return place;
}

// Turns of `work` until that much CPU time is used; what one costs, µs.
template <class Work>
double cost(double slice_us, const Work& work) {
  constexpr std::size_t kBetweenLooks = 16;
  std::size_t done = 0;
  for (const double warm_up = cpu_us(); cpu_us() - warm_up < slice_us / 8;)
    work(done++);
  const double start = cpu_us();
  std::size_t count = 0;
  double now = start;
  while (now - start < slice_us) {
    for (std::size_t i = 0; i < kBetweenLooks; ++i)
      work(done++);
    count += kBetweenLooks;
    now = cpu_us();
  }
  return (now - start) / static_cast<double>(count);
}

double connection_cost(double slice_us, const Place& place, const std::vector<TcpProbe>& probes) {
  return cost(slice_us,
              [&](std::size_t turn) { connect_once(place, probes[turn % probes.size()]); });
}

void measure(Place& place, double slice_us) {
  enter(place.client);
  place.connection_us.push_back(connection_cost(slice_us, place, place.connections));
  if (!place.late_connections.empty())
    place.late_us.push_back(connection_cost(slice_us, place, place.late_connections));
  if (place.denied.empty()) return;
  place.packet_us.push_back(cost(slice_us, [&place](std::size_t turn) {
    static_cast<void>(send(place.denied[turn % place.denied.size()], "denied", 6, 0));
  }));
}

void print(const std::vector<Place>& places) {
  std::string text;
  for (const Place& place : places)
    text += fmt::format(
        "{}\"{}\": {{\"connection\": [{:.3f}], \"late\": [{:.3f}], \"packet\": [{:.4f}]}}",
        text.empty() ? "{" : ",\n", place.name, fmt::join(place.connection_us, ", "),
        fmt::join(place.late_us, ", "), fmt::join(place.packet_us, ", "));
  fmt::print("{}}}\n", text);
}

int run(int rounds, double slice_us, const std::vector<std::string>& words) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  std::vector<Place> places;
  places.reserve(words.size());
  for (const std::string& word : words)
    places.push_back(open_place(word));
  for (int round = 0; round < rounds; ++round) {
    // Another place begins each round, and every second one goes the other way round.
    for (std::size_t turn = 0; turn < places.size(); ++turn) {
      const std::size_t at = (static_cast<std::size_t>(round) + turn) % places.size();
      measure(places[round % 2 == 0 ? at : places.size() - 1 - at], slice_us);
    }
  }
  print(places);
  return 0;
}

}  // namespace
}  // namespace ravelin::bench

int main(int argc, char** argv) {
  if (argc < 4) {
    fmt::print(stderr, "usage: bench_firewall_traffic ROUNDS SLICE_MS WHERE...\n");
    return 2;
  }
  constexpr double kUsPerMs = 1000;
  return ravelin::bench::run(std::stoi(argv[1]), std::stod(argv[2]) * kUsPerMs,
                             {argv + 3, argv + argc});
}
