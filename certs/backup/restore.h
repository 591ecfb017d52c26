// A store from its backup. Everything is read, opened and written aside first, and moved into place
// once all of it is there; until then, and when anything is wrong, nothing is where the store is to
// be. Blocks on the disk.
#pragma once

#include "certs/backup/backup.h"

#include <string>
#include <string_view>

namespace ravelin::certs {

// From a file that is open for reading. `path`: a folder that is empty or not there; a folder
// beside it, PATH.restoring, is removed and made anew. Errors: Errc::conflict: there is something
// at the path; Errc::invalid: the passphrase is another, the file was changed or cut off, is no
// backup, or has something in it that no store has.
Result<BackupReport> restore_backup(int fd, std::string_view passphrase, const std::string& path);

}  // namespace ravelin::certs
