// The part of Gateway that puts revocation lists of clients to use while it serves.
#include "base/io/log.h"
#include "gateway/runtime/gateway.h"

namespace ravelin::gateway {

using namespace std::chrono_literals;

namespace {

constexpr base::Duration kCrlLook = 500ms;

void say_replaced(const std::string& listener, const std::vector<certs::HeldCrlPtr>& before,
                  const std::vector<certs::HeldCrlPtr>& now) {
  for (const certs::HeldCrlPtr& list : now) {
    if (std::ranges::find(before, list) != before.end()) continue;
    base::log_info("tls", "a CRL of clients is in use",
                   {{"listener", listener},
                    {"issuer", list->facts.issuer},
                    {"number", list->facts.number},
                    {"revoked", list->facts.revoked},
                    {"next_update", certs::format_time(*list->facts.next_update)},
                    {"from", list->place}});
  }
}

}  // namespace

void Gateway::tick_crls() {
  const base::MonoTime now = base::mono_now();
  if (now < next_crl_look_) return;
  next_crl_look_ = now + kCrlLook;
  client_crls_.start();
  client_crls_.report_fetches();
  for (auto& [listener, materials] : materials_) {
    if (!materials.context->client_trust().checks_revocation) continue;
    use_crls(listener, materials);
    const bool has_ended = client_crls_.report_ends(listener, *materials.context, base::wall_now());
    // Whoever was let in by a list that is over is asked again.
    if (!has_ended || materials.context->policy().crl_expired != ExpiredCrl::refuse) continue;
    materials.context->forget_sessions();
    drain_listener(listener);
  }
}

// With another list come other sessions; connections end where it revokes more than the one before.
void Gateway::use_crls(const std::string& listener, ListenerMaterials& materials) {
  std::vector<certs::HeldCrlPtr> held = client_crls_.held(listener);
  const std::vector<certs::HeldCrlPtr> before = materials.context->policy().fetched_crls;
  if (held == before) return;
  const bool cuts = certs::revokes_more(before, held);
  say_replaced(listener, before, held);
  materials.context = TlsContext::with_crls(materials.context, std::move(held));
  publish_tls(listener);
  if (cuts) drain_listener(listener);
}

void Gateway::drain_listener(const std::string& listener) {
  for (const auto& worker : workers_)
    worker->drain(listener);
}

}  // namespace ravelin::gateway
