#include "gateway/net/half_open.h"

#include "base/io/owned_fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {
namespace {

// The next word of a line, and what is behind it.
std::string_view take_word(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(word.size());
  return word;
}

// "0100007F:1F90" has port 8080.
std::optional<std::uint16_t> port_of(std::string_view address) {
  const std::size_t colon = address.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const std::string_view digits = address.substr(colon + 1);
  const char* end = digits.data() + digits.size();
  std::uint16_t port = 0;
  const auto read = std::from_chars(digits.data(), end, port, 16);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return port;
}

void add_from(const char* path, std::set<std::uint16_t>& ports) {
  constexpr std::size_t kPiece = std::size_t{64} * 1024;
  const base::OwnedFd file(::open(path, O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return;
  std::vector<char> piece(kPiece);
  std::string text;
  for (;;) {
    const ssize_t count = ::read(file.get(), piece.data(), piece.size());
    if (count <= 0) break;
    text.append(piece.data(), static_cast<std::size_t>(count));
    const std::size_t whole = text.rfind('\n') + 1;
    add_half_open(std::string_view(text).substr(0, whole), ports);
    text.erase(0, whole);
  }
}

}  // namespace

void add_half_open(std::string_view lines, std::set<std::uint16_t>& ports) {
  constexpr std::string_view kSynReceived = "03";
  while (!lines.empty()) {
    std::string_view line = lines.substr(0, lines.find('\n'));
    lines.remove_prefix(std::min(line.size() + 1, lines.size()));
    take_word(line);  // its number
    const std::string_view local = take_word(line);
    take_word(line);  // the other side
    if (take_word(line) != kSynReceived) continue;
    if (const auto port = port_of(local)) ports.insert(*port);
  }
}

std::set<std::uint16_t> half_open_ports() {
  std::set<std::uint16_t> ports;
  add_from("/proc/self/net/tcp", ports);
  add_from("/proc/self/net/tcp6", ports);
  return ports;
}

}  // namespace ravelin::gateway
