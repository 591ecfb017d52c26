// Certificates and ticket keys are replaced while two threads shake hands as fast as they can.
#include "base/check.h"
#include "tests/gateway/tls/memory_handshake.h"
#include "tests/support/test_certs.h"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <mutex>
#include <thread>

namespace ravelin::gateway::test {
namespace {

constexpr int kHandshakesPerThread = 150;

// Where the control thread puts a new generation and the workers take it from.
class Published {
 public:
  void set(std::shared_ptr<const ListenerTls> next) {
    const std::lock_guard lock(mutex_);
    current_ = std::move(next);
  }

  std::shared_ptr<const ListenerTls> get() {
    const std::lock_guard lock(mutex_);
    return current_;
  }

 private:
  std::mutex mutex_;
  std::shared_ptr<const ListenerTls> current_;
};

struct Tally {
  std::atomic<int> done{0};
  std::atomic<int> failed{0};
  std::atomic<int> straddled{0};
  std::atomic<int> resumed{0};
};

void work(Published& published, Tally& tally, int seed) {
  SessionPtr session;
  for (int i = 0; i < kHandshakesPerThread; ++i) {
    const auto began_on = published.get();
    const bool old_version = (i + seed) % 3 == 0;
    MemoryHandshake handshake(began_on,
                              {.sni = "www.example.com",
                               .version_max = old_version ? TLS1_2_VERSION : TLS1_3_VERSION,
                               .resume = i % 2 == 0 ? nullptr : session});
    handshake.step();
    std::this_thread::yield();
    tally.straddled += published.get() != began_on ? 1 : 0;
    const bool ok = handshake.run() && handshake.exchange();
    (ok ? tally.done : tally.failed) += 1;
    tally.resumed += handshake.was_resumed() ? 1 : 0;
    session = handshake.session();
  }
}

TEST(HotSwap, LosesNoHandshake) {
  const std::array<certs::PairPtr, 2> pairs{ravelin::test::issue({"www.example.com"}),
                                            ravelin::test::issue({"www.example.com"})};
  auto ring = TicketRing::create({.rotate_every = std::chrono::seconds(1)}, base::MonoTime{});
  CHECK(ring.has_value());
  const auto first = make_listener({{pairs[0]}}, {}, ring->keys());
  Published published;
  published.set(first);
  Tally tally;
  std::thread one(work, std::ref(published), std::ref(tally), 0);
  std::thread two(work, std::ref(published), std::ref(tally), 1);
  int swaps = 0;
  while (tally.done + tally.failed < 2 * kHandshakesPerThread) {
    ++swaps;
    if (swaps % 16 == 0)
      CHECK(ring->rotate(base::MonoTime{std::chrono::seconds(swaps)}).has_value());
    published.set(std::make_shared<const ListenerTls>(
        ListenerTls{first->context,
                    std::make_shared<const CertificateIndex>(
                        std::vector<IndexedPair>{{pairs[static_cast<std::size_t>(swaps % 2)]}}),
                    ring->keys()}));
    std::this_thread::yield();
  }
  one.join();
  two.join();
  EXPECT_EQ(tally.failed, 0);
  EXPECT_EQ(tally.done, 2 * kHandshakesPerThread);
  EXPECT_GT(tally.straddled, 0);
  EXPECT_GT(tally.resumed, 0);
}

}  // namespace
}  // namespace ravelin::gateway::test
