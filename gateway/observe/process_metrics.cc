#include "gateway/observe/process_metrics.h"

#include "gateway/observe/metric_families.h"
#include "gateway/observe/open_descriptors.h"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace ravelin::gateway {
namespace {

std::string read_small_file(const char* path) {
  std::string text;
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  std::array<char, 4096> buffer{};
  for (ssize_t count = 0; (count = ::read(fd, buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(count));
  }
  ::close(fd);
  return text;
}

// The number that starts at `text`, after spaces.
std::optional<double> leading_number(std::string_view text) {
  const std::size_t start = text.find_first_not_of(' ');
  if (start == std::string_view::npos) return std::nullopt;
  unsigned long long value = 0;
  const auto parsed = std::from_chars(text.data() + start, text.data() + text.size(), value);
  if (parsed.ec != std::errc()) return std::nullopt;
  return static_cast<double>(value);
}

// Field n (from 1, as in proc(5)) of /proc/self/stat; the name, field 2, may hold spaces.
std::optional<double> stat_field(std::string_view stat, int number) {
  std::size_t at = stat.rfind(')');
  for (int field = 2; field < number && at != std::string_view::npos; ++field) {
    at = stat.find(' ', at + 1);
  }
  return at == std::string_view::npos ? std::nullopt : leading_number(stat.substr(at));
}

std::optional<double> boot_time() {
  const std::string text = read_small_file("/proc/stat");
  const std::size_t at = text.find("btime ");
  return at == std::string::npos ? std::nullopt
                                 : leading_number(std::string_view(text).substr(at + 6));
}

void set(MetricSamples& samples, Metric metric, std::optional<double> value) {
  if (value) samples.set(index(metric), {}, *value);
}

}  // namespace

void collect_process_metrics(MetricSamples& samples) {
  const std::string stat = read_small_file("/proc/self/stat");
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  const auto page = static_cast<double>(::sysconf(_SC_PAGESIZE));
  const auto user = stat_field(stat, 14);
  const auto system = stat_field(stat, 15);
  if (user && system) set(samples, Metric::process_cpu_total, (*user + *system) / ticks);
  set(samples, Metric::process_virtual_memory, stat_field(stat, 23));
  if (const auto pages = stat_field(stat, 24)) {
    set(samples, Metric::process_resident_memory, *pages * page);
  }
  const auto started = stat_field(stat, 22);
  const auto booted = boot_time();
  if (started && booted) set(samples, Metric::process_start_time, *booted + *started / ticks);
  if (const auto open = list_descriptors())
    set(samples, Metric::process_open_fds, static_cast<double>(*open));
  if (const auto limit = descriptor_limit())
    set(samples, Metric::process_max_fds, static_cast<double>(*limit));
}

}  // namespace ravelin::gateway
