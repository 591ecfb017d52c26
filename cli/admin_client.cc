#include "cli/admin_client.h"

#include "base/io/yaml.h"
#include "cli/report.h"
#include "gateway/config/parse.h"
#include "gateway/net/listener.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace ravelin::cli {
namespace {

namespace http = boost::beast::http;
namespace json = boost::json;

template <class T>
using Answer = boost::system::result<T, AdminFailure>;
using Parser = http::response_parser<http::string_body>;

constexpr std::uint64_t kAnswerBytesMax = 64 * 1024 * 1024;

AdminFailure could_not(std::string message) {
  return {std::move(message), ExitCode::could_not};
}

Answer<std::string> find_socket(const AdminFlags& flags) {
  if (!flags.socket.empty())
    return Answer<std::string>(boost::system::in_place_value, flags.socket);
  base::yaml::DiskLoader loader;
  base::Diagnostics diagnostics;
  // A mistake elsewhere in the file is not what was asked about.
  const gateway::ParsedConfig parsed = gateway::parse_config(flags.config, loader, diagnostics);
  if (!parsed.config.admin.socket.empty())
    return Answer<std::string>(boost::system::in_place_value, parsed.config.admin.socket);
  if (diagnostics.has_errors()) {
    return AdminFailure{findings_text(diagnostics) + "the admin socket is not known; give --socket",
                        ExitCode::refused};
  }
  return AdminFailure{
      flags.config + " has no admin.socket; add admin: { socket: PATH }, or give --socket PATH",
      ExitCode::refused};
}

std::string connect_advice(int error_number) {
  switch (error_number) {
    case ENOENT:
      return "is the gateway running, and with this configuration? (-c FILE or --socket PATH name "
             "another)";
    case ECONNREFUSED:
      return "nothing listens there: the gateway is not running";
    case EACCES:
    case EPERM:
      return "run as root, as the gateway's user, or as a member of the group ravelin-admin";
    default:
      return "the gateway did not take the connection";
  }
}

Answer<gateway::OwnedFd> connect_to(const std::string& path) {
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path)
    return could_not("admin socket " + path + ": a socket's path has at most 107 bytes");
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  gateway::OwnedFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const timeval patience{.tv_sec = kAdminPatienceSeconds, .tv_usec = 0};
  ::setsockopt(fd.get(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    return could_not(base::fail_errno(error, "admin socket " + path).message + "; " +
                     connect_advice(error));
  }
  return fd;
}

// Also when the gateway answers and closes before it has read everything.
void send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

bool read_response(int fd, Parser& parser) {
  std::array<char, 16 * 1024> block{};
  std::string input;
  boost::system::error_code error;
  while (!parser.is_done()) {
    const ssize_t got = ::recv(fd, block.data(), block.size(), 0);
    if (got <= 0) return false;
    input.append(block.data(), static_cast<std::size_t>(got));
    while (!input.empty() && !parser.is_done()) {
      input.erase(0, parser.put(boost::asio::buffer(input), error));
      if (error == http::error::need_more) break;
      if (error) return false;
    }
  }
  return true;
}

ExitCode exit_code_of(int status) {
  switch (status) {
    case 400:
    case 404:
    case 409:
    case 422:
      return ExitCode::refused;
    default:
      return ExitCode::could_not;
  }
}

std::string failure_text(int status, const json::value& body) {
  const json::object* object = body.if_object();
  const json::value* error = object == nullptr ? nullptr : object->if_contains("error");
  const std::string message = error == nullptr ? std::string() : text_at(*error, "message");
  return message.empty() ? fmt::format("the gateway answered with status {}", status) : message;
}

}  // namespace

void add_admin_flags(CLI::App& command, AdminFlags& flags) {
  add_config_flag(command, flags.config);
  command.add_option("--socket", flags.socket, "the admin socket, instead of the configuration's")
      ->type_name("PATH");
  add_json_flag(command, flags.form);
}

Answer<AdminAnswer> ask_gateway(const AdminFlags& flags, std::string_view method,
                                std::string_view path, std::string_view body) {
  const Answer<std::string> socket = find_socket(flags);
  if (!socket) return socket.error();
  const Answer<gateway::OwnedFd> fd = connect_to(*socket);
  if (!fd) return fd.error();
  send_all(fd->get(), fmt::format("{} {} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                                  "Content-Length: {}\r\n\r\n{}",
                                  method, path, body.size(), body));
  Parser parser;
  parser.body_limit(kAnswerBytesMax);
  if (!read_response(fd->get(), parser)) {
    return could_not(fmt::format("admin socket {}: no whole answer within {} s", *socket,
                                 kAdminPatienceSeconds));
  }
  AdminAnswer answer{std::move(parser.get().body()), {}};
  boost::system::error_code error;
  answer.json = json::parse(answer.text, error);
  const int status = static_cast<int>(parser.get().result_int());
  if (status >= 300) return AdminFailure{failure_text(status, answer.json), exit_code_of(status)};
  if (error) return could_not(fmt::format("admin socket {}: the answer is not JSON", *socket));
  return answer;
}

ExitCode report_failure(const AdminFailure& failure) {
  print_error("ravelin: " + failure.message + "\n");
  return failure.code;
}

std::string text_at(const json::value& object, std::string_view key) {
  const json::object* fields = object.if_object();
  const json::value* value = fields == nullptr ? nullptr : fields->if_contains(key);
  const json::string* text = value == nullptr ? nullptr : value->if_string();
  return text == nullptr ? std::string() : std::string(*text);
}

std::int64_t number_at(const json::value& object, std::string_view key) {
  const json::object* fields = object.if_object();
  const json::value* value = fields == nullptr ? nullptr : fields->if_contains(key);
  if (value == nullptr) return 0;
  boost::system::error_code error;
  const auto number = value->to_number<std::int64_t>(error);
  return error ? 0 : number;
}

bool flag_at(const json::value& object, std::string_view key) {
  const json::object* fields = object.if_object();
  const json::value* value = fields == nullptr ? nullptr : fields->if_contains(key);
  const bool* flag = value == nullptr ? nullptr : value->if_bool();
  return flag != nullptr && *flag;
}

const json::array& list_at(const json::value& object, std::string_view key) {
  static const json::array nothing;
  const json::object* fields = object.if_object();
  const json::value* value = fields == nullptr ? nullptr : fields->if_contains(key);
  const json::array* list = value == nullptr ? nullptr : value->if_array();
  return list == nullptr ? nothing : *list;
}

}  // namespace ravelin::cli
