// The ticket keys of the certificate store, which all its gateways share: made, rotated and
// followed. The control thread.
#pragma once

#include "certs/store/ticket_file.h"
#include "gateway/config/config.h"
#include "gateway/tls/ticket_ring.h"

#include <memory>
#include <optional>
#include <string>

namespace ravelin::gateway {

class StoreTickets {
 public:
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
