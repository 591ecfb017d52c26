// The caller's own files that hold keys or passphrases, as opposed to the store's: read and written
// as the caller, before and after a command works as the store's owner.
#pragma once

#include "base/result.h"
#include "certs/import/read_import.h"

#include <string>
#include <string_view>

namespace ravelin::cli {

// What a file given for import holds. One with a key that others can read is used, with a warning
// on stderr.
base::Result<certs::ImportFile> read_import_file(const std::string& path);

// The first line of a file that is as hard to read as a private key. Errors: others can read it, it
// is empty.
base::Result<std::string> read_passphrase(const std::string& path);

// Where a private key may be written: a folder nobody else can look into, or none yet. Errors:
// Errc::denied, with the chmod.
base::Result<> check_key_folder(const std::string& path);
// Makes it (0700) when it is not there.
base::Result<> make_key_folder(const std::string& path);

// Where an encrypted file may: one nobody else can change. Errors as above.
base::Result<> check_folder_of(const std::string& file);

}  // namespace ravelin::cli
