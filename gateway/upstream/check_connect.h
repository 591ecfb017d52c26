// The connection of a check, or of a question to an agent. The control thread.
#pragma once

#include "base/io/task.h"
#include "gateway/net/buffer.h"
#include "gateway/net/reactor.h"
#include "gateway/tls/stream.h"
#include "gateway/upstream/health_state.h"

#include <memory>

namespace ravelin::gateway {

// Tries the addresses in order; each gets an equal part of the time until `deadline`, so that one
// that swallows packets does not hide the next. Null: `result` says why.
base::Task<std::unique_ptr<Stream>> connect_for_check(std::shared_ptr<const AddressList> addresses,
                                                      base::MonoTime deadline, Reactor& reactor,
                                                      BufferPool& buffers, CheckResult& result);

}  // namespace ravelin::gateway
