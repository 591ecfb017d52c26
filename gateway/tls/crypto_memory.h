// Memory for OpenSSL from per-thread free lists. A handshake makes some thousand small allocations,
// and the C library's malloc takes a lock or two for each in a process with threads.
#pragma once

namespace ravelin::gateway {

// Makes OpenSSL allocate from these lists. Must come before OpenSSL's first allocation; false (and
// nothing changed) when it is too late. Sanitizer builds leave malloc in place, to see every
// misuse.
bool install_crypto_memory();

}  // namespace ravelin::gateway
