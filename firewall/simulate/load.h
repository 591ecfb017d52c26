// The fields of a packet as rules load them, in the order of bytes they have in a register. Pure;
// any thread.
#pragma once

#include "firewall/simulate/table_state.h"

#include <optional>

namespace ravelin::firewall::simulate {

// A packet on its way: as it is now, and what conntrack knows of it.
struct Passage {
  policies::Packet packet;    // NAT changes it
  Connection connection;      // as it came
  bool is_tracked = false;    // conntrack has seen it
  bool is_untracked = false;  // by notrack
  bool is_turned = false;     // ct status dnat
};

// None: the packet has no such field, or a guard of the field fails; the rule ends there.
std::optional<Bytes> load(Field field, const Passage& passage, const TableState& state);

// Each part loaded, masked and padded to four bytes. A lone field is not padded.
std::optional<Bytes> load(const Key& key, const Passage& passage, const TableState& state);

// A value of a field as big endian, in which ranges are compared.
Bytes big_endian(Field field, Bytes value);

}  // namespace ravelin::firewall::simulate
