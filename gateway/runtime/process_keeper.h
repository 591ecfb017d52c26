// Whoever has started this process, and keeps it and others. The control thread; may wait for a
// moment.
#pragma once

#include "base/result.h"
#include "gateway/admin/admin_backend.h"

namespace ravelin::gateway {

class ProcessKeeper {
 public:
  ProcessKeeper() = default;
  ProcessKeeper(const ProcessKeeper&) = delete;
  ProcessKeeper& operator=(const ProcessKeeper&) = delete;
  virtual ~ProcessKeeper() = default;

  virtual ProcessesStatus processes() = 0;

  // Begins to replace the program; processes() says how it went. Error: not now, and why.
  virtual base::Result<void> upgrade() = 0;
};

}  // namespace ravelin::gateway
