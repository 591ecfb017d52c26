// The PROXY protocol header in front of an accepted connection, taken off its socket and not a byte
// more: TLS reads on behind it. One worker's thread.
#pragma once

#include "base/io/task.h"
#include "gateway/net/buffer.h"
#include "gateway/net/proxy_header.h"
#include "gateway/net/socket.h"

namespace ravelin::gateway {

struct ProxyHeaderRead {
  enum class End : unsigned char {
    done,       // `header`
    bad,        // `detail`
    timed_out,  // not complete by the deadline
    closed,  // by the client; `detail` says whether within the header, "" = before its first byte
  };
  End end = End::done;
  ProxyHeader header;
  std::string_view detail;  // static text
};

base::Task<ProxyHeaderRead> read_proxy_header(Socket& socket, BufferPool& buffers,
                                              base::MonoTime deadline);

}  // namespace ravelin::gateway
