// What is stapled to the certificates of one listener at one moment. Immutable; any thread.
#pragma once

#include "certs/staple.h"

#include <vector>

namespace ravelin::gateway {

struct StapleList {
  struct Entry {
    certs::PairPtr pair;
    certs::StaplePtr staple;
  };

  std::vector<Entry> entries;

  // For the certificate `leaf` (the object, not its value); null = none, or it is over by `now`.
  [[nodiscard]] const certs::Staple* find(const X509* leaf, base::WallTime now) const {
    for (const Entry& entry : entries) {
      if (entry.pair->chain.leaf.get() == leaf)
        return now < entry.staple->next_update ? entry.staple.get() : nullptr;
    }
    return nullptr;
  }
};

}  // namespace ravelin::gateway
