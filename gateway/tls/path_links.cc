#include "gateway/tls/path_links.h"

#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <deque>

namespace ravelin::gateway {
namespace {

constexpr int kLinksMax = 40;

std::deque<std::string> split(std::string_view path) {
  std::deque<std::string> parts;
  while (!path.empty()) {
    const std::size_t slash = path.find('/');
    const std::string_view part = path.substr(0, slash);
    if (!part.empty() && part != ".") parts.emplace_back(part);
    path = slash == std::string_view::npos ? std::string_view() : path.substr(slash + 1);
  }
  return parts;
}

std::string read_link(const std::string& path) {
  std::array<char, PATH_MAX> target{};
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return size <= 0 ? std::string() : std::string(target.data(), static_cast<std::size_t>(size));
}

}  // namespace

std::vector<PathEntry> entries_of(std::string_view absolute_path) {
  std::vector<PathEntry> entries;
  std::deque<std::string> rest = split(absolute_path);
  std::string directory = "/";
  int links = 0;
  while (!rest.empty()) {
    const std::string name = std::move(rest.front());
    rest.pop_front();
    if (name == "..") {
      directory.resize(std::max<std::size_t>(directory.rfind('/'), 1));
      continue;
    }
    std::string path = directory == "/" ? "" : directory;
    path.append("/").append(name);

    struct stat status {};

    const bool exists = ::lstat(path.c_str(), &status) == 0;
    const bool is_link = exists && S_ISLNK(status.st_mode);
    if (is_link || !exists || rest.empty()) entries.push_back({directory, name});
    if (!exists) break;
    if (!is_link) {
      directory = path;
      continue;
    }
    const std::string target = read_link(path);
    if (target.empty() || ++links > kLinksMax) break;
    if (target.front() == '/') directory = "/";
    std::deque<std::string> parts = split(target);
    rest.insert(rest.begin(), parts.begin(), parts.end());
  }
  return entries;
}

}  // namespace ravelin::gateway
