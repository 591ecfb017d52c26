// What this host's TCP offers in a handshake, from its settings.
// Source: tcp_select_initial_window() of net/ipv4/tcp_output.c; Documentation/networking/ip-sysctl.
#pragma once

#include "policies/model/tcp_offer.h"

#include <cstdint>
#include <optional>

namespace ravelin::firewall {

struct TcpSettings {
  std::uint64_t receive_bytes_max = 0;      // net.ipv4.tcp_rmem, the last of three
  std::uint64_t any_receive_bytes_max = 0;  // net.core.rmem_max
  bool has_window_scaling = true;           // net.ipv4.tcp_window_scaling, and so on
  bool has_timestamps = true;
  bool has_sack = true;
};

// Of sockets whose buffer nobody has set. Pure.
policies::TcpOffer offer_of(const TcpSettings& settings);

// Of this network namespace. Nothing: they cannot be read; then a scale of 0 is wrong for nobody,
// only slow.
std::optional<TcpSettings> read_tcp_settings();

}  // namespace ravelin::firewall
