// AdminAdapter: the gateway as the admin server sees it: its state as values, its orders carried
// out. Control thread.
#pragma once

#include "gateway/admin/admin_backend.h"
#include "gateway/runtime/gateway.h"

namespace ravelin::gateway {

class AdminAdapter final : public AdminBackend {
 public:
  explicit AdminAdapter(Gateway& gateway) : gateway_(gateway) {}  // must outlive it

  [[nodiscard]] GatewayStatus status() const override;
  [[nodiscard]] std::vector<PoolStatus> pools() const override;
  [[nodiscard]] Readiness readiness() const override;
  [[nodiscard]] std::string metrics_text() const override;
  [[nodiscard]] base::Result<StoredCertificateStatus> stored_certificate(
      std::string_view name) const override;
  [[nodiscard]] base::Result<ChallengeStatus> challenge(std::string_view token) const override;
  [[nodiscard]] std::vector<AbusiveClient> abusive_clients() const override;
  base::Result<void> forget_client(const base::IpPrefix& client) override;
  [[nodiscard]] base::Result<BanExplanation> why(std::string_view subject) const override;
  base::Result<std::uint64_t> reload() override;
  base::Result<void> upgrade() override;
  base::Result<void> set_admin_state(std::string_view pool, std::string_view server,
                                     AdminState state, Saving saving) override;
  base::Result<void> set_weight(std::string_view pool, std::string_view server,
                                std::optional<std::uint32_t> weight, Saving saving) override;
  base::Result<void> add_server(std::string_view pool, const NewServer& server,
                                Saving saving) override;
  base::Result<void> remove_server(std::string_view pool, std::string_view server,
                                   Saving saving) override;
  base::Result<void> restore_server(std::string_view pool, std::string_view server,
                                    Saving saving) override;
  [[nodiscard]] std::vector<OverrideRow> overrides() const override;

 private:
  [[nodiscard]] std::vector<ServerStatus> servers_of(const PoolConfig& pool,
                                                     std::vector<ServerStatus> known) const;

  Gateway& gateway_;
};

// Sets the families marked `collected` (metric_families.h) at every scrape, from what the control
// thread knows. Once for each gateway, which must be scraped on its control thread.
void collect_gateway_metrics(Gateway& gateway);

}  // namespace ravelin::gateway
