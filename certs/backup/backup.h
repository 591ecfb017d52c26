// A store as one file under a passphrase, for another machine or another day: everything in it but
// what can be made again. It may be taken while the store is in use. Blocks on the disk.
#pragma once

#include "certs/backup/seal.h"
#include "certs/store/store_dir.h"

#include <cstdint>
#include <string_view>

namespace ravelin::certs {

struct BackupReport {
  std::size_t certificates = 0;
  std::uint64_t entries = 0;  // folders, files and links
};

// To a file that is open for writing. Each certificate is as it was at one moment; two of them may
// be of different ones. Errors: the store cannot be read, the file not be written; what is in the
// file then is no backup.
Result<BackupReport> write_backup(const StoreDir& store, std::string_view passphrase, int fd,
                                  const SealCost& cost = {});

}  // namespace ravelin::certs
