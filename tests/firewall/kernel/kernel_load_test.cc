// Large sets, and rulesets that change while they are read.
#include "firewall/kernel/encode_elements.h"
#include "firewall/kernel/read_table.h"
#include "tests/firewall/kernel/kernel_fixture.h"

#include <sys/resource.h>

#include <atomic>
#include <cstdlib>
#include <thread>

namespace ravelin::firewall {
namespace {

std::size_t peak_memory_bytes() {
  rusage usage{};
  EXPECT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

// How much more a sanitizer build may use; scripts/check says it.
std::size_t memory_factor() {
  const char* said = std::getenv("RAVELIN_MEMORY_FACTOR");
  return said == nullptr ? 1 : std::strtoul(said, nullptr, 10);
}

void put(Bytes& keys, std::uint32_t number) {
  for (int shift = 24; shift >= 0; shift -= 8)
    keys.push_back(static_cast<std::uint8_t>(number >> shift));
}

std::shared_ptr<const KeyBlock> hosts(std::uint32_t count) {
  auto block = std::make_shared<KeyBlock>();
  block->keys.reserve(std::size_t{count} * 4);
  for (std::uint32_t i = 0; i < count; ++i)
    put(block->keys, 0x0a000000 + i * 3);
  return block;
}

std::shared_ptr<const KeyBlock> nets(std::uint32_t count) {
  auto block = std::make_shared<KeyBlock>();
  block->is_interval = true;
  for (std::uint32_t i = 0; i < count; ++i) {
    put(block->keys, 0x0a000000 + i * 256);
    put(block->keys, 0x0a000000 + i * 256 + 63);
  }
  put(block->keys, 0xffffff00);
  put(block->keys, 0xffffffff);
  return block;
}

Set set_for(const KeyBlock& block) {
  Set set = make_set("feed", {block.key_bytes == 4 ? Field::ip_saddr : Field::ip6_saddr});
  set.is_interval = block.is_interval;
  set.is_external = true;
  return set;
}

TEST_F(KernelTest, TakesAMillionHostsInOneBatchWithinItsMemory) {
  constexpr std::uint32_t kHosts = 1'000'000;
  const auto block = hosts(kHosts);
  const std::size_t before = peak_memory_bytes();
  ASSERT_EQ(apply({PutTable{}, PutSet{set_for(*block)}, AddBlock{"feed", block}}), "");
  // 16 bytes each in the batch, and nothing twice.
  EXPECT_LT(peak_memory_bytes() - before, (memory_factor() * 24) << 20);
  EXPECT_TRUE(contains("feed", address("10.0.0.3")));
  EXPECT_TRUE(contains("feed", {block->keys.end() - 4, block->keys.end()}));
  EXPECT_FALSE(contains("feed", address("10.0.0.4")));
}

TEST_F(KernelTest, TakesAHundredThousandNetworksInOneBatch) {
  const auto block = nets(100'000);
  ASSERT_EQ(apply({PutTable{}, PutSet{set_for(*block)}, AddBlock{"feed", block}}), "");
  EXPECT_TRUE(contains("feed", address("10.0.1.63")));
  EXPECT_FALSE(contains("feed", address("10.0.1.64")));
  EXPECT_TRUE(contains("feed", address("255.255.255.255")));
}

TEST_F(KernelTest, ABlockIsWhatTheSameElementsAre) {
  auto block = std::make_shared<KeyBlock>();
  block->key_bytes = 16;
  block->is_interval = true;
  for (const char* text :
       {"2001:db8::", "2001:db8::ff", "ffff::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"})
    for (const std::uint8_t byte : address(text))
      block->keys.push_back(byte);
  ASSERT_EQ(apply({PutTable{}, PutSet{set_for(*block)}, AddBlock{"feed", block}}), "");
  const std::string listed = nft("list set inet ravelin feed");
  ASSERT_EQ(apply({FlushSet{"feed"},
                   AddElements{"feed",
                               {element(address("2001:db8::"), address("2001:db8::ff")),
                                element(address("ffff::"),
                                        address("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"))}}}),
            "");
  EXPECT_EQ(nft("list set inet ravelin feed"), listed);
  EXPECT_NE(listed.find("ffff::/16"), std::string::npos) << listed;
}

TEST_F(KernelTest, ReadsOneGenerationWhileAnotherWriterIsAtWork) {
  Transaction steps{PutTable{}, PutChain{make_chain("many")}};
  for (int i = 0; i < 2000; ++i)
    steps.emplace_back(AddRule{"many", Rule{{Counter{}}, "rule " + std::to_string(i), {}}});
  ASSERT_EQ(apply(steps), "");
  std::atomic<bool> is_done{false};
  constexpr int kWritesMax = 2000;  // between two of them a read gets through, on any machine
  std::atomic<int> writes{0};
  std::thread writer([&] {
    // A thread is born into the namespace of the one that starts it.
    while (!is_done && writes < kWritesMax) {
      nft("-f -", "add table inet other; delete table inet other\n");
      ++writes;
    }
  });
  int reads = 0;
  while (writes < 20 || (reads == 0 && writes < kWritesMax)) {
    const auto read = kernel_->read();
    if (!read) {
      EXPECT_EQ(read.error().code, base::Errc::conflict) << read.error().message;
      continue;
    }
    ++reads;
    ASSERT_TRUE(*read);
    EXPECT_EQ((*read)->rules.size(), 2000u);
    EXPECT_EQ((*read)->rules.back().comment, "rule 1999");
  }
  is_done = true;
  writer.join();
  EXPECT_GT(reads, 0);
}

}  // namespace
}  // namespace ravelin::firewall
