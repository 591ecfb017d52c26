// The pages a listener and its routes have for answers of the gateway's own; held by a snapshot.
// Immutable; any thread.
#pragma once

#include "gateway/config/error_page.h"

#include <algorithm>
#include <vector>

namespace ravelin::gateway {

class ErrorPages {
 public:
  void add(int first_status, int last_status, ErrorPage page) {
    pages_.push_back({first_status, last_status, std::move(page)});
    std::ranges::stable_sort(pages_, {},
                             [](const Entry& entry) { return entry.last - entry.first; });
  }

  // The one for this very status before the one for its class; null = none.
  [[nodiscard]] const ErrorPage* find(int status) const {
    for (const Entry& entry : pages_) {
      if (entry.first <= status && status <= entry.last) return &entry.page;
    }
    return nullptr;
  }

 private:
  struct Entry {
    int first;
    int last;
    ErrorPage page;
  };

  std::vector<Entry> pages_;
};

}  // namespace ravelin::gateway
