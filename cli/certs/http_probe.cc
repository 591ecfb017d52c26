#include "cli/certs/http_probe.h"

#include "certs/acme/patience.h"
#include "certs/acme/resolver.h"
#include "certs/acme/tcp_socket.h"
#include "certs/issuer/base64url.h"
#include "certs/secret_file.h"
#include "certs/store/challenge_folder.h"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>

namespace ravelin::cli {
namespace {

using namespace std::chrono_literals;
using base::Result;
using certs::CheckLevel;
using certs::acme::Patience;
using certs::acme::wait_for;

constexpr base::Duration kPatience = 5s;
constexpr std::size_t kAnswerMax = std::size_t{16} * 1024;

// The whole answer, or as much of it as matters.
Result<std::string> ask(const certs::acme::SocketAddress& address, std::string_view request,
                        const Patience& patience) {
  const auto socket = certs::acme::TcpSocket::connect(address, patience);
  if (!socket) return socket.error();
  const int fd = socket->fd();
  // Small enough for any socket's buffer.
  if (::send(fd, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    return base::fail_errno(errno, "asking");
  std::string answer;
  std::array<char, 4096> block;
  while (answer.size() < kAnswerMax) {
    const auto ready = wait_for(fd, POLLIN, patience, "asking");
    if (!ready && !answer.empty()) break;  // it keeps the connection although it was asked not to
    if (!ready) return ready.error();
    const ssize_t got = ::recv(fd, block.data(), block.size(), 0);
    if (got == 0) break;
    if (got < 0 && errno != EINTR && errno != EAGAIN) return base::fail_errno(errno, "asking");
    if (got > 0) answer.append(block.data(), static_cast<std::size_t>(got));
  }
  return answer;
}

// What is wrong with the answer; "" = it is ours.
std::string judge(std::string_view answer, std::string_view expected) {
  const std::string_view line = answer.substr(0, answer.find("\r\n"));
  if (!line.starts_with("HTTP/1.")) return "what answers does not speak HTTP";
  const std::string_view status = line.substr(std::min(line.find(' '), line.size()));
  if (!status.starts_with(" 200")) return fmt::format("the answer is{}", status);
  if (answer.find(expected) == std::string_view::npos)
    return "the answer is another's than this gateway's";
  return {};
}

certs::Challenge make_probe(const std::string& name) {
  const std::string token = certs::to_base64url(certs::make_secret());
  return {certs::ChallengeType::http_01, name, token,
          token + "." + certs::to_base64url(certs::make_secret())};
}

}  // namespace

certs::CheckLine probe_http(CertsDesk& desk, const std::string& name,
                            const std::vector<base::IpAddress>& addresses, std::uint16_t port,
                            bool is_here) {
  const certs::Challenge probe = make_probe(name);
  certs::FolderBoard board(desk.store().paths(), [&](const certs::Challenge& challenge) {
    return desk.await_challenge(challenge);
  });
  const std::string request = fmt::format(
      "GET /.well-known/acme-challenge/{} HTTP/1.1\r\nHost: {}\r\nUser-Agent: ravelin\r\n"
      "Connection: close\r\n\r\n",
      probe.token, name);
  certs::CheckLine line{CheckLevel::ok, "",
                        fmt::format("http: {} answers challenges through this gateway", name)};
  const auto put = board.put_up(probe);
  if (!put) line = {CheckLevel::failed, "E_HTTP", "http: " + put.error().message};
  certs::acme::Resolver resolver;
  for (const base::IpAddress& address : addresses) {
    if (line.level != CheckLevel::ok) break;
    const Patience patience{base::mono_now() + kPatience};
    const std::string host = base::to_string(address);
    const auto where = resolver.resolve(host, port, patience);
    const Result<std::string> answer = where.has_value() ? ask(where->front(), request, patience)
                                                         : Result<std::string>(where.error());
    const std::string why =
        answer ? judge(*answer, probe.key_authorization) : answer.error().message;
    if (why.empty()) continue;
    const bool may_be_unreachable = !answer && !is_here;
    line = {may_be_unreachable ? CheckLevel::warning : CheckLevel::failed, "E_HTTP",
            fmt::format("http: {} at {}: {}", name,
                        base::to_string(base::IpEndpoint{address, port}), why)};
  }
  board.take_down(probe);
  return line;
}

}  // namespace ravelin::cli
