// PoolConfig to PoolRuntime: the servers of one pool, what is spoken to them with, their ring and
// cookies. Nothing that is in use changes before apply_settings(). Control thread; reads
// certificate files.
#pragma once

#include "certs/file.h"
#include "gateway/discovery/overrides.h"
#include "gateway/tls/key_source.h"
#include "gateway/upstream/pool_runtime.h"

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace ravelin::gateway {

// Servers by identity: a server that is configured again keeps its state and its counters.
using ServerRegistry = std::unordered_map<std::string, std::shared_ptr<Server>>;

// reread: all files, as a reload does. kept: what the servers that stay have is taken as it is, and
// only new ones read files.
enum class PoolFiles : unsigned char { reread, kept };

// The TLS contexts of one build: servers that want the same have the same.
class UpstreamContexts {
 public:
  // `keys` must outlive it.
  UpstreamContexts(certs::KeyFileRules key_rules, PoolFiles files, KeySource& keys)
      : key_rules_(std::move(key_rules)), files_(files), keys_(keys) {}

  // `before`: the context the server has; it stays, so that sessions live on, while it is the same
  // policy. Null = none. Errors name the server: a file that cannot be used.
  base::Result<std::shared_ptr<const UpstreamContext>> get(
      const std::string& pool, const ServerConfig& config,
      const std::shared_ptr<const UpstreamContext>& before);

  [[nodiscard]] const certs::KeyFileRules& key_rules() const { return key_rules_; }

  [[nodiscard]] PoolFiles files() const { return files_; }

 private:
  certs::KeyFileRules key_rules_;
  PoolFiles files_;
  KeySource& keys_;
  std::map<std::string, UpstreamTlsPolicy> policies_;  // by what the configuration says
  std::map<std::string, std::shared_ptr<const UpstreamContext>> made_;
};

// What the pools of a generation are built from, besides their configuration. Borrows all of it.
struct PoolParts {
  std::string_view zone;             // the gateway's
  const std::string& sticky_secret;  // for pools without a key of their own
  const ServerRegistry& known;
  const OverrideSet& orders;  // what new servers begin with
  GatewayMetrics& metrics;
  UpstreamContexts& contexts;
};

struct BuiltPool {
  PoolRuntime runtime;
  std::vector<std::string> findings;  // servers left out or with older TLS files, and why
};

// `before`: the pool of this name in the generation before; null = there was none. Error: a file of
// a server of the configuration, or of `sticky`, cannot be used. A server that came in otherwise
// and was there before goes on with what its files said then; a new one is left out.
base::Result<BuiltPool> build_pool(PoolConfig config, const PoolRuntime* before,
                                   const PoolParts& parts);

// The pool is put to use: its servers get the settings that may differ between generations.
void apply_settings(const PoolRuntime& runtime);

}  // namespace ravelin::gateway
