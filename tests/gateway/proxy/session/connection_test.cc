// Connections over real sockets: what the gateway answers itself, without a server.
#include "gateway/proxy/session/connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

namespace ravelin::gateway {
namespace {

class NoControl : public ControlEvents {
  void server_failed(std::shared_ptr<Server> /*server*/, Reason /*reason*/) override {}
};

class NoBans : public BanListener {
  void banned(const BanNotice& /*notice*/) override {}
};

int loopback_socket(sockaddr_in& at) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return fd;
}

// How a client takes its answer.
enum class Takes : std::uint8_t { at_once, slowly, not_at_all };

// Both ends of a connection over TCP: only that knows resets. Its buffers are small if the client
// does not take everything at once.
struct Ends {
  explicit Ends(Takes takes) {
    sockaddr_in at{};
    socklen_t size = sizeof at;
    const int listening = loopback_socket(at);
    EXPECT_EQ(::bind(listening, reinterpret_cast<sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listening, 1), 0);
    EXPECT_EQ(::getsockname(listening, reinterpret_cast<sockaddr*>(&at), &size), 0);
    sockaddr_in to{};
    client = loopback_socket(to);
    if (takes != Takes::at_once) set_small(client, SO_RCVBUF);
    EXPECT_EQ(::connect(client, reinterpret_cast<sockaddr*>(&at), size), 0);
    gateway = ::accept4(listening, nullptr, nullptr, SOCK_NONBLOCK);
    if (takes != Takes::at_once) set_small(gateway, SO_SNDBUF);
    ::close(listening);
  }

  static void set_small(int fd, int option) {
    const int bytes = 4'096;
    EXPECT_EQ(::setsockopt(fd, SOL_SOCKET, option, &bytes, sizeof bytes), 0);
  }

  int client = -1;
  int gateway = -1;
};

// One worker with one listener in the clear, "web", and its one route.
class World {
 public:
  World(ListenerConfig listener, RouteConfig route) {
    auto config = std::make_shared<Config>();
    listener.name = "web";
    route.name = "all";
    listener.routes.push_back(std::move(route));
    config->listeners.push_back(std::move(listener));
    auto table = std::make_shared<ListenerTable>();
    table->all.push_back(runtime_of(config->listeners.front()));
    table->by_name.emplace("web", 0);
    auto snapshot = std::make_shared<Snapshot>();
    snapshot->config = config;
    snapshot->table = table;
    snapshot->listeners = table->all;
    auto current = std::make_shared<WorkerSnapshot>();
    current->snapshot = snapshot;
    worker_.current = current;
    shared_->name = "web";
  }

  // What a client gets that sends this, and then reads to the end.
  std::string answer_to(const std::string& sent, Takes takes = Takes::at_once) {
    const Ends ends(takes);
    AcceptedConnection accepted;
    accepted.fd = ends.gateway;
    accepted.peer = {*base::parse_ip("127.0.0.1"), 1};
    accepted.port = 80;
    accepted.listener = shared_;
    shared_->gate.enter(accepted.peer.address);
    tasks_.spawn(Connection::serve(std::make_unique<Connection>(worker_, std::move(accepted))));
    std::string seen;
    std::thread client([&] {
      std::size_t done = 0;
      while (done < sent.size()) {
        const ssize_t more =
            ::send(ends.client, sent.data() + done, sent.size() - done, MSG_NOSIGNAL);
        if (more <= 0) break;
        done += static_cast<std::size_t>(more);
      }
      read_to_end(ends.client, takes, seen);
      ::close(ends.client);
      reactor_.post([this] { reactor_.stop(); });
    });
    reactor_.run();
    client.join();
    reactor_.io().restart();
    while (tasks_.running() != 0)  // it ends once it sees that the client has gone
      reactor_.io().run_one();
    reactor_.io().restart();
    return seen;
  }

  // Whether the last client's connection ended with a reset.
  [[nodiscard]] bool was_reset() const { return was_reset_; }

  [[nodiscard]] bool has_counted(std::string_view reason) const {
    return metrics_.exposition().find(reason) != std::string::npos;
  }

 private:
  void read_to_end(int fd, Takes takes, std::string& seen) {
    constexpr int kPauseMs = 40;
    constexpr std::size_t kSlowBytes = 50'000;
    pollfd end{.fd = fd, .events = 0, .revents = 0};
    if (takes == Takes::not_at_all) ::poll(&end, 1, 10'000);  // until it is over
    std::array<char, 2048> piece{};
    ssize_t got = 0;
    while ((got = ::recv(fd, piece.data(), piece.size(), 0)) > 0) {
      seen.append(piece.data(), static_cast<std::size_t>(got));
      if (takes == Takes::slowly && seen.size() < kSlowBytes) ::poll(nullptr, 0, kPauseMs);
    }
    was_reset_ = got < 0 && errno == ECONNRESET;
  }

  ListenerRuntime runtime_of(const ListenerConfig& config) {
    ListenerRuntime runtime;
    runtime.config = &config;
    runtime.router = std::move(*Router::build(config.routes));
    runtime.metrics = &metrics_.listener("web");
    runtime.no_route_metrics = &metrics_.route("web", "none", "none");
    RouteRuntime route;
    route.config = &config.routes.front();
    route.metrics = &metrics_.route("web", "all", "none");
    route.body_bytes_max = config.limits.body_bytes_max;
    route.body_idle = config.timeouts.body_idle;
    runtime.routes.push_back(std::move(route));
    return runtime;
  }

  bool was_reset_ = false;
  Reactor reactor_;
  BufferPool buffers_;
  base::TaskGroup tasks_;
  GatewayMetrics metrics_{1, "test"};
  std::atomic<bool> logs_{false};
  AccessLogChannel access_log_{logs_, -1, std::size_t{1} << 20};
  GatewayLoad load_;
  NoControl control_;
  NoBans bans_;
  RequestIds ids_;
  PasswordChecks checks_;
  std::atomic<std::size_t> open_{0};
  WorkerContext worker_{.reactor = reactor_,
                        .buffers = buffers_,
                        .tasks = tasks_,
                        .cells = metrics_.worker_cells(0),
                        .access_log = access_log_,
                        .load = load_,
                        .control = control_,
                        .bans = bans_,
                        .request_ids = ids_,
                        .password_checks = checks_,
                        .open_connections = open_};
  std::shared_ptr<ListenerShared> shared_ = std::make_shared<ListenerShared>();
};

ListenerConfig largest_limits() {
  ListenerConfig listener;
  listener.limits.request_line_bytes_max = 64 * 1024;
  listener.limits.header_bytes_max = 64 * 1024;
  listener.limits.header_count_max = 128;
  return listener;
}

RouteConfig says(std::string body) {
  RouteConfig route;
  route.respond = FixedResponse{.body = std::move(body)};
  return route;
}

std::string status_of(const std::string& answer) {
  return answer.substr(0, answer.find("\r\n"));
}

std::string get(const std::string& target, const std::string& fields) {
  return "GET " + target + " HTTP/1.1\r\nHost: x.test\r\nConnection: close\r\n" + fields + "\r\n";
}

std::string fields(int count) {
  std::string all;
  for (int i = 0; i < count; ++i)
    all += "X-" + std::to_string(i) + ": 1\r\n";
  return all;
}

TEST(Connection, ReadsHeadsUpToTheLargestLimits) {
  World world(largest_limits(), says("hello"));
  const std::size_t frame = get("/", "Cookie: \r\n").size();

  const struct {
    std::string sent;
    std::string status;
  } cases[] = {
      {get("/", "Cookie: " + std::string(40'000, 'c') + "\r\n"), "HTTP/1.1 200 OK"},
      {get("/", "Cookie: " + std::string(65'536 - frame, 'c') + "\r\n"), "HTTP/1.1 200 OK"},
      {get("/" + std::string(60'000, 'p'), ""), "HTTP/1.1 200 OK"},
      {get("/", fields(126)), "HTTP/1.1 200 OK"},
      {get("/", fields(127)), "HTTP/1.1 431 Request Header Fields Too Large"},
      {get("/", "Cookie: " + std::string(65'537 - frame, 'c') + "\r\n"),
       "HTTP/1.1 431 Request Header Fields Too Large"},
  };

  for (const auto& one : cases)
    EXPECT_EQ(status_of(world.answer_to(one.sent)), one.status) << one.sent.size();
}

TEST(Connection, AnswersWith414WhereALocationWouldBeTooLong) {
  RouteConfig route;
  route.redirect =
      RedirectAction{.location = *parse_template("/{path}{path}{path}", TemplateUse::location)};
  World world(largest_limits(), std::move(route));
  EXPECT_EQ(status_of(world.answer_to(get("/" + std::string(10'000, 'p'), ""))),
            "HTTP/1.1 308 Permanent Redirect");
  for (const std::size_t size : {11'000, 60'000})
    EXPECT_EQ(status_of(world.answer_to(get("/" + std::string(size, 'p'), ""))),
              "HTTP/1.1 414 URI Too Long");
}

TEST(Connection, AHeadNoBlockHoldsIsABare500) {
  RouteConfig route = says("hello");
  route.respond->content_type = std::string(40'000, 't');
  World world(largest_limits(), std::move(route));
  EXPECT_EQ(world.answer_to(get("/", "")),
            "HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: "
            "close\r\n\r\n");
}

TEST(Connection, ItsLastAnswerSaysThatItCloses) {
  ListenerConfig listener;
  listener.limits.requests_per_connection_max = 2;
  RouteConfig route = says("hello");
  route.match.path = "/only/";
  route.match.methods = {"GET"};
  World world(listener, std::move(route));
  const std::string first = "GET /only/ HTTP/1.1\r\nHost: x.test\r\n\r\n";
  for (const std::string last : {"GET /only/", "PUT /only/", "GET /none", "GET /a/../b"}) {
    const std::string answers = world.answer_to(first + last + " HTTP/1.1\r\nHost: x.test\r\n\r\n");
    const std::size_t second = answers.rfind("HTTP/1.1 ");
    EXPECT_EQ(answers.substr(0, second).find("Connection: close"), std::string::npos) << last;
    EXPECT_NE(answers.find("Connection: close", second), std::string::npos) << answers;
  }
}

TEST(Connection, TheEndOfAResponseMayTakeItsTime) {
  ListenerConfig listener;
  listener.timeouts.body_idle = std::chrono::milliseconds(500);  // all of it takes twice as long
  World world(listener, says(std::string(60'000, 'x')));
  const std::string answer = world.answer_to(get("/", ""), Takes::slowly);
  EXPECT_EQ(answer.size() - answer.find("\r\n\r\n") - 4, 60'000U);
  EXPECT_FALSE(world.was_reset());
  EXPECT_FALSE(world.has_counted("write_timeout"));
}

TEST(Connection, TheEndOfAResponseThatIsNotTakenIsCut) {
  ListenerConfig listener;
  listener.timeouts.body_idle = std::chrono::milliseconds(200);
  World world(listener, says(std::string(60'000, 'x')));
  EXPECT_LT(world.answer_to(get("/", ""), Takes::not_at_all).size(), 60'000U);
  EXPECT_TRUE(world.was_reset());
  EXPECT_TRUE(world.has_counted("write_timeout"));
}

TEST(Connection, AnAnswerReachesAClientThatGoesOnUploading) {
  ListenerConfig listener;
  listener.limits.body_bytes_max = 1'000;
  World world(listener, says("hello"));
  const std::string body(20'000'000, 'x');
  const std::string answer =
      world.answer_to("POST / HTTP/1.1\r\nHost: x.test\r\nContent-Length: 20000000\r\n\r\n" + body);
  EXPECT_EQ(status_of(answer), "HTTP/1.1 413 Content Too Large");
}

}  // namespace
}  // namespace ravelin::gateway
