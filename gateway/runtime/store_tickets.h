// The ticket keys of the certificate store, which all its gateways share: followed, and, where no
// other process does that, made and rotated. The control thread.
#pragma once

#include "certs/store/ticket_file.h"
#include "gateway/config/config.h"
#include "gateway/tls/ticket_ring.h"

#include <memory>
#include <optional>
#include <string>

namespace ravelin::gateway {

// How the listeners that show the store want its ticket keys: the strictest of all. nullopt: none
// shows it.
std::optional<certs::TicketRules> ticket_rules_of(const Config& config);

class StoreTickets {
 public:
  enum class Rotation : std::uint8_t { here, elsewhere };

  explicit StoreTickets(Rotation rotation = Rotation::here) : rotation_(rotation) {}

  // The store and the rules of a configuration's listeners that show it; none where none does.
  void use(const Config& config);

  // Looks every few seconds, and at once after use(). True: keys() are others.
  bool tick(base::MonoTime now, base::WallTime wall);

  // Null: there is no store, or its keys cannot be had, which is logged; each listener has its own
  // then.
  [[nodiscard]] const std::shared_ptr<const TicketKeys>& keys() const { return keys_; }

  // Of the newest key; nullopt without one.
  [[nodiscard]] std::optional<base::WallTime> made() const { return made_; }

 private:
  void fail(const std::string& why);
  [[nodiscard]] base::Result<std::vector<certs::StoredTicketKey>> read(base::WallTime wall) const;

  Rotation rotation_;
  std::string path_;
  certs::TicketRules rules_;
  std::optional<certs::StoreDir> store_;
  base::MonoTime next_look_;
  std::vector<certs::StoredTicketKey> known_;
  std::shared_ptr<const TicketKeys> keys_;
  std::optional<base::WallTime> made_;
  std::string trouble_;
};

}  // namespace ravelin::gateway
