// The BIO between OpenSSL and a Stream: reads straight from the descriptor, writes through
// Stream::transmit.
#pragma once

#include <openssl/bio.h>

namespace ravelin::gateway {

class Stream;

// A new BIO for `stream`, which must outlive it.
BIO* make_socket_bio(Stream& stream);

}  // namespace ravelin::gateway
