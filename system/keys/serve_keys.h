// The key process: takes connections over the supervisor's, and answers what comes over them. Its
// threads wait on all connections together; each takes a few questions of one, then looks again, so
// that one that asks much does not keep the others waiting.
#pragma once

#include "messages/channel/seq_socket.h"
#include "system/keys/key_desk.h"

namespace ravelin::system {

struct KeysOptions {
  KeyList gateway;  // what a gateway may use
  KeyDesk::Options desk{};
  unsigned threads = 0;  // that sign; 0 = as many as there are processors, 2 to 4
};

// Until `control` closes. Over it comes:
//   any message with descriptors: each is a connection of a gateway (Hello with its role is usual)
//   KeyCounts: answered with the numbers so far
// For another list, start another one and attach it: what waits is asked there, and the old one may
// end. Errors: a thread or a descriptor could not be had.
base::Result<> run_keys(messages::SeqSocket control, const KeysOptions& options);

}  // namespace ravelin::system
