// The seam between what bans a client, on a worker, and what follows from it elsewhere.
#pragma once

#include "gateway/limit/abuse_table.h"
#include "gateway/observe/reason.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace ravelin::gateway {

// How the client came: its packets are its own, or those of a proxy that names it.
enum class ClientPath : std::uint8_t { direct, proxied };

struct BanNotice {
  base::IpPrefix client;
  ClientPath path = ClientPath::direct;
  AbuseBan ban;
  Reason reason = Reason::none;  // what it did last
  std::string_view request_id;   // "" = it came to no request
  std::string_view listener;
  std::uint64_t generation = 0;  // of the configuration
};

class BanListener {
 public:
  BanListener() = default;
  BanListener(const BanListener&) = delete;
  BanListener& operator=(const BanListener&) = delete;
  virtual ~BanListener() = default;

  // A ban has begun. Called on worker threads, from several at once; must not block. The views are
  // good for the call.
  virtual void banned(const BanNotice& notice) = 0;
};

}  // namespace ravelin::gateway
