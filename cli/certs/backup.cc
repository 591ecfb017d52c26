// `ravelin certs backup|restore`: a whole store as one file under a passphrase, and back.
#include "certs/backup/restore.h"
#include "certs/store/durable.h"
#include "cli/certs/desk.h"
#include "cli/certs/private_files.h"
#include "cli/report.h"

#include <boost/json.hpp>
#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>

namespace ravelin::cli {
namespace {

namespace json = boost::json;

struct BackupFlags {
  CertsFlags common;
  std::string file;
  std::string pass_file;
};

class OpenFile {
 public:
  OpenFile(const std::string& path, int how) : fd_(::open(path.c_str(), how | O_CLOEXEC, 0600)) {}

  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  ~OpenFile() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

ExitCode print_report(const BackupFlags& flags, const certs::BackupReport& report,
                      const std::string& text) {
  if (flags.common.form == OutputForm::json)
    print(json::serialize(json::object{{"file", flags.file},
                                       {"certificates", report.certificates},
                                       {"entries", report.entries}}) +
          "\n");
  else
    print(text);
  return ExitCode::done;
}

// The file is the caller's: made before, and moved into place after we are the store's owner.
boost::system::result<certs::BackupReport, ExitCode> write_aside(const BackupFlags& flags,
                                                                 const std::string& aside,
                                                                 const std::string& passphrase) {
  if (::unlink(aside.c_str()) != 0 && errno != ENOENT)
    return report(base::fail_errno(errno, "removing " + aside));
  const OpenFile file(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
  if (file.get() < 0) return report(base::fail_errno(errno, "making " + aside));
  auto written = [&]() -> boost::system::result<certs::BackupReport, ExitCode> {
    auto desk = CertsDesk::open(flags.common, CertsDesk::Need::look);
    if (!desk) return desk.error();
    auto done = certs::write_backup((*desk)->store(), passphrase, file.get());
    if (!done) return report(done.error());
    return *done;
  }();
  if (written && ::fsync(file.get()) != 0)
    written = report(base::fail_errno(errno, "writing " + aside));
  if (!written) ::unlink(aside.c_str());
  return written;
}

ExitCode backup(const BackupFlags& flags) {
  const auto passphrase = read_passphrase(flags.pass_file);
  if (!passphrase) return report(passphrase.error());
  if (auto place = check_folder_of(flags.file); !place) return report(place.error());
  const std::string aside = flags.file + ".partial";
  const auto written = write_aside(flags, aside, *passphrase);
  if (!written) return written.error();
  const std::string full = std::filesystem::absolute(flags.file).string();
  if (auto moved = certs::move_to(aside, full); !moved) {
    ::unlink(aside.c_str());
    return report(moved.error());
  }
  return print_report(flags, *written,
                      fmt::format("{} certificates are in {}; without the passphrase nobody can "
                                  "use it, you neither\n",
                                  written->certificates, flags.file));
}

ExitCode restore(const BackupFlags& flags) {
  const auto passphrase = read_passphrase(flags.pass_file);
  if (!passphrase) return report(passphrase.error());
  const auto store = find_store(flags.common);
  if (!store) return ExitCode::refused;
  const OpenFile file(flags.file, O_RDONLY);
  if (file.get() < 0) return report(base::fail_errno(errno, "opening " + flags.file));
  const auto owner = AsOwner::of(*store);
  if (!owner) return report(owner.error());
  const auto done = certs::restore_backup(file.get(), *passphrase, *store);
  if (!done) {
    const ExitCode code = report(base::wrap(done.error(), flags.file));
    print_error("nothing was restored\n");
    return code;
  }
  return print_report(
      flags, *done,
      fmt::format("{} certificates are restored to {}\n", done->certificates, *store));
}

CLI::App* add(CLI::App& group, Action& chosen, const char* name, const char* what,
              ExitCode (*run)(const BackupFlags&), const std::shared_ptr<BackupFlags>& flags) {
  CLI::App* command = group.add_subcommand(name, what);
  add_certs_flags(*command, flags->common);
  command
      ->add_option("--pass-file", flags->pass_file,
                   "a file of mode 0600 with the passphrase in its first line")
      ->required()
      ->type_name("FILE");
  command->callback([&chosen, flags, run] { chosen = [flags, run] { return run(*flags); }; });
  return command;
}

}  // namespace

void add_certs_backup(CLI::App& group, Action& chosen) {
  auto saved = std::make_shared<BackupFlags>();
  add(group, chosen, "backup", "the whole store as one file under a passphrase", backup, saved)
      ->add_option("--out", saved->file, "the file")
      ->required()
      ->type_name("FILE");
  auto restored = std::make_shared<BackupFlags>();
  add(group, chosen, "restore", "a store from its backup, where there is none yet", restore,
      restored)
      ->add_option("file", restored->file, "the backup")
      ->required()
      ->type_name("FILE");
}

}  // namespace ravelin::cli
