// Keys of certificate files that were revoked while they are served. A reload or a restart refuses
// them; until then it is said, as nobody but the operator can tell what to serve instead.
#include "base/io/log.h"
#include "gateway/config/check_files.h"
#include "gateway/runtime/gateway.h"

namespace ravelin::gateway {

void Gateway::tick_revoked() {
  constexpr base::Duration kLook = std::chrono::seconds(5);
  const base::MonoTime now = base::mono_now();
  if (now < next_revoked_look_ || snapshot_->config->certs_store.empty()) return;
  next_revoked_look_ = now + kLook;
  const certs::RevokedKeys revoked = key_file_rules(*snapshot_->config).revoked;
  if (revoked.empty()) return;
  for (const auto& [listener, materials] : materials_) {
    for (const WatchedPair& pair : materials.pairs) {
      const std::string& key = pair.served->chain.info.spki_sha256;
      if (!revoked.contains(key) || !revoked_told_.insert(key).second) continue;
      base::log_error(
          "tls",
          "a certificate is served whose key was revoked: no reload or restart takes it "
          "again, put a certificate of a new key into its files",
          {{"listener", listener}, {"file", pair.files.chain}});
    }
  }
}

}  // namespace ravelin::gateway
