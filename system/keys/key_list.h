// Which private keys the gateway may have signed with: a value, made of its configuration by
// whoever starts the key process. Pure.
#pragma once

#include "certs/file.h"
#include "gateway/config/config.h"

#include <string>
#include <vector>

namespace ravelin::system {

// A key of the configuration's files, by the name the gateway calls it.
struct KeyFile {
  std::string id;  // gateway::key_id()
  certs::PairFiles files;
  certs::PairUse use = certs::PairUse::server;

  friend bool operator==(const KeyFile&, const KeyFile&) = default;
};

struct KeyList {
  std::vector<KeyFile> files;
  // Who else may read key files, and whose they may be.
  std::vector<std::string> key_groups;
  std::vector<uid_t> key_owners;
  // Every server key of this store may be used as well; "" = none.
  std::string store;

  friend bool operator==(const KeyList&, const KeyList&) = default;
};

// Of the listeners' certificates and of those shown to servers. The store, where a listener shows
// one.
KeyList list_keys(const gateway::Config& config);

// Those of `more` as well. Of two stores the first is kept.
void add_keys(KeyList& list, KeyList more);

}  // namespace ravelin::system
