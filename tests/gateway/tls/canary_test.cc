// Which generation a client is shown while another is tried on some.
#include "base/check.h"
#include "tests/gateway/tls/memory_handshake.h"
#include "tests/support/test_certs.h"

#include <gtest/gtest.h>

namespace ravelin::gateway::test {
namespace {

using ravelin::test::issue;

const std::string kName = "www.example.com";

// Generation 1, and 2 for some.
class Tried final : public certs::CertificateView {
 public:
  explicit Tried(std::uint32_t share) {
    const std::uint64_t name = certs::source_name(kName);
    certs::CanaryPairs canary{{.ec = issue({kName}), .source = {name, 2}}, share};
    pairs_ = {.ec = issue({kName}), .source = {name, 1}};
    pairs_.canary = std::make_shared<const certs::CanaryPairs>(std::move(canary));
  }

  [[nodiscard]] certs::PairSet find(std::string_view name) const override {
    return name == kName ? pairs_ : certs::PairSet{};
  }

  [[nodiscard]] const certs::CanaryPairs& canary() const { return *pairs_.canary; }

 private:
  certs::PairSet pairs_;
};

struct Lab {
  explicit Lab(std::uint32_t share) : view(std::make_shared<Tried>(share)) {
    auto context = TlsContext::create({}, base::wall_now());
    CHECK(context.has_value());
    tls = std::make_shared<const ListenerTls>(ListenerTls{
        *context, std::make_shared<const CertificateIndex>(std::vector<IndexedPair>(), view),
        nullptr});
  }

  // 0 = the handshake failed.
  [[nodiscard]] std::uint64_t shown(const base::IpAddress& address) const {
    MemoryHandshake handshake(tls, {.sni = kName, .address = address});
    return handshake.run() ? handshake.info().pairs.source.generation : 0;
  }

  std::shared_ptr<const Tried> view;
  std::shared_ptr<const ListenerTls> tls;
};

base::IpAddress canary_client(std::uint8_t number) {
  return {.family = base::Family::ipv4, .bytes = {10, 0, 0, number}};
}

TEST(Canary, IsShownToItsClientsEachTime) {
  const Lab lab(5000);
  int tried = 0;
  for (std::uint8_t i = 1; i <= 40; ++i) {
    const bool is_tried = lab.view->canary().is_for(canary_client(i));
    tried += is_tried ? 1 : 0;
    for (int turn = 0; turn < 2; ++turn)
      EXPECT_EQ(lab.shown(canary_client(i)), is_tried ? 2U : 1U);
  }
  EXPECT_GT(tried, 5);
  EXPECT_LT(tried, 35);
}

TEST(Canary, HostsOfAnIpv6NetworkAreOneClient) {
  const Lab lab(5000);
  for (std::uint8_t network = 0; network < 10; ++network) {
    base::IpAddress address{.family = base::Family::ipv6,
                            .bytes = {0x20, 1, 0xd, 0xb8, 0, 0, 0, network}};
    address.bytes[15] = 1;
    const std::uint64_t first = lab.shown(address);
    address.bytes[15] = 99;
    EXPECT_EQ(lab.shown(address), first);
  }
}

TEST(Canary, WhoHasNoAddressGetsWhatAllGet) {
  const Lab lab(9999);
  EXPECT_EQ(lab.shown({}), 1U);
}

}  // namespace
}  // namespace ravelin::gateway::test
