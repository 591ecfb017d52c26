// What a configuration needs on the disk: certificates, keys, CA bundles, directories. Reads,
// changes nothing, decides with the rules of certs/. Blocks: for `ravelin check`, never on a worker
// thread.
#pragma once

#include "base/diagnostics.h"
#include "certs/file.h"
#include "gateway/config/parse.h"

namespace ravelin::gateway {

// Findings stand at the value that names the file. Errors: a certificate pair that cannot be
// served, a CA bundle or revocation list that cannot be read. Warnings: what may be there by the
// time it is needed (log directory, user, store), a route host that no certificate of its listener
// covers. What is empty because it failed to parse is passed over.
void check_files(const ParsedConfig& parsed, base::Diagnostics& diagnostics);

// The files of servers that exist (`discover.file`), with what they name. Not part of check_files:
// one that is being written must not keep the gateway from starting or reloading, which take note
// of it themselves.
void check_server_files(const ParsedConfig& parsed, base::Diagnostics& diagnostics);

// Who may own and read the key files of this configuration, `user` and `tls.key_groups`, and which
// keys are none of them, as they were revoked in `certs.store`. Reads the store.
certs::KeyFileRules key_file_rules(const Config& config);

}  // namespace ravelin::gateway
