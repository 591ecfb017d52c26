#include "gateway/config/read_password_file.h"

#include "base/io/file.h"

#include <sys/stat.h>

namespace ravelin::gateway {

base::Result<ReadPasswordFile> read_password_file(const std::string& path) {
  const auto text = base::read_file(path, kPasswordFileBytesMax);
  if (!text) return text.error();
  std::vector<PasswordFault> faults;
  ReadPasswordFile read;
  read.file = std::make_shared<const PasswordFile>(parse_password_file(*text, faults));
  if (!faults.empty()) {
    constexpr std::size_t kShown = 5;
    std::string message;
    for (std::size_t i = 0; i < faults.size() && i < kShown; ++i) {
      const PasswordFault& fault = faults[i];
      message += message.empty() ? "" : "; ";
      message += fault.line == 0 ? fmt::format("{}: {}", path, fault.message)
                                 : fmt::format("{}:{}: {}", path, fault.line, fault.message);
    }
    if (faults.size() > kShown) message += fmt::format("; and {} more", faults.size() - kShown);
    return base::fail(base::Errc::invalid, "{}", message);
  }

  struct stat status {};

  read.others_may_read = ::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0;
  return read;
}

}  // namespace ravelin::gateway
