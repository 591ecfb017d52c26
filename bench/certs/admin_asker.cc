#include "bench/certs/admin_asker.h"

#include "bench/net.h"

#include <boost/json.hpp>
#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace ravelin::bench {
namespace {

[[noreturn]] void give_up(const char* doing) {
  errno = 0;
  die(doing);
}

// The whole answer's size as its head says; npos: the head is not there yet.
std::size_t answer_size(std::string_view text) {
  constexpr std::string_view kEnd = "\r\n\r\n", kLength = "Content-Length: ";
  const std::size_t end = text.find(kEnd);
  if (end == std::string_view::npos) return end;
  const std::size_t length = text.find(kLength);
  if (length > end) give_up("an answer of the admin socket without a length");
  return end + kEnd.size() + std::stoul(std::string(text.substr(length + kLength.size(), 10)));
}

}  // namespace

void AdminAsker::connect() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  requests_ = 0;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path_.size() >= sizeof address.sun_path) give_up("the admin socket's path is too long");
  std::memcpy(address.sun_path, path_.data(), path_.size());
  if (fd_ < 0 || ::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    die("connecting to the admin socket");
}

AdminAsker::~AdminAsker() {
  if (fd_ >= 0) ::close(fd_);
}

std::string AdminAsker::ask(const std::string& path) {
  if (fd_ < 0 || ++requests_ > kRequestsMax) connect();
  const std::string request = fmt::format("GET {} HTTP/1.1\r\nHost: admin\r\n\r\n", path);
  if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) !=
      static_cast<ssize_t>(request.size()))
    die("asking the admin socket");
  std::string answer;
  while (answer.size() < answer_size(answer)) {
    std::array<char, 4096> bytes{};
    const ssize_t got = ::recv(fd_, bytes.data(), bytes.size(), 0);
    if (got <= 0) die("reading from the admin socket");
    answer.append(bytes.data(), static_cast<std::size_t>(got));
  }
  return answer.substr(answer.find("\r\n\r\n") + 4);
}

bool AdminAsker::is_served(const std::string& name, std::uint64_t generation) {
  boost::system::error_code error;
  const auto told = boost::json::parse(ask("/v1/certificates/" + name), error);
  const auto number = [&told](std::string_view key) -> std::uint64_t {
    const auto* value = told.is_object() ? told.as_object().if_contains(key) : nullptr;
    if (value == nullptr || !value->is_number()) give_up("the gateway does not serve that name");
    return value->to_number<std::uint64_t>();
  };
  return number("generation") == generation && number("workers") == number("workers_serving");
}

}  // namespace ravelin::bench
