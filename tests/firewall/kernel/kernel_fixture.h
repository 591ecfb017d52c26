// A kernel of a namespace of its own for each test, and short ways to say rules and sets.
#pragma once

#include "firewall/kernel/netlink_kernel.h"
#include "tests/support/net_namespace.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <memory>
#include <optional>
#include <string>

namespace ravelin::firewall {

class KernelTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto entered = test::NetNamespace::enter();
    ASSERT_TRUE(entered) << base::to_string(entered.error());
    namespace_.emplace(std::move(*entered));
    ASSERT_TRUE(namespace_->is_entered());
    kernel_ = open_kernel();
    ASSERT_NE(kernel_, nullptr);
  }

  void TearDown() override {
    kernel_.reset();
    namespace_.reset();
  }

  static std::unique_ptr<NetlinkKernel> open_kernel(KernelOptions options = {}) {
    auto opened = NetlinkKernel::open(std::move(options));
    EXPECT_TRUE(opened) << base::to_string(opened.error());
    return opened ? std::move(*opened) : nullptr;
  }

  // Applies it; its error as text, or nothing.
  std::string apply(const Transaction& transaction, std::optional<Generation> based_on = {}) {
    const auto applied = kernel_->apply(transaction, based_on);
    return applied ? std::string{} : base::to_string(applied.error());
  }

  Generation generation() {
    const auto generation = kernel_->generation();
    EXPECT_TRUE(generation);
    return generation ? *generation : 0;
  }

  bool contains(const std::string& set, const Bytes& key) {
    const auto found = kernel_->find(set, key);
    EXPECT_TRUE(found) << base::to_string(found.error());
    return found && found->has_value();
  }

  static std::string nft(const std::string& arguments, std::string_view input = {}) {
    return test::run_command("nft " + arguments, input).output;
  }

  std::optional<test::NetNamespace> namespace_;
  std::unique_ptr<NetlinkKernel> kernel_;
};

inline Bytes address(const std::string& text) {
  const auto parsed = base::parse_ip(text);
  EXPECT_TRUE(parsed) << text;
  const std::size_t bytes = parsed->family == base::Family::ipv4 ? 4 : 16;
  return {parsed->bytes.begin(), parsed->bytes.begin() + static_cast<long>(bytes)};
}

inline Bytes name(std::string_view text) {
  Bytes bytes(text.begin(), text.end());
  bytes.resize(16);
  return bytes;
}

inline Bytes port(unsigned number) {
  return {static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number & 0xff)};
}

inline Bytes host32(std::uint32_t number) {
  Bytes bytes(4);
  for (std::size_t i = 0; i < 4; ++i)
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * i));
  return bytes;
}

inline Bytes big32(std::uint32_t number) {
  Bytes bytes(4);
  for (std::size_t i = 0; i < 4; ++i)
    bytes[i] = static_cast<std::uint8_t>(number >> (8 * (3 - i)));
  return bytes;
}

// The parts one behind the other, each padded to four bytes.
inline Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) {
    for (const std::uint8_t byte : part)
      out.push_back(byte);
    out.resize((out.size() + 3) / 4 * 4);
  }
  return out;
}

inline Element element(Bytes key, Bytes key_end = {}) {
  Element made;
  made.key = std::move(key);
  made.key_end = std::move(key_end);
  return made;
}

inline Element entry(Bytes key, Verdict verdict, Bytes key_end = {}) {
  Element made = element(std::move(key), std::move(key_end));
  made.verdict = std::move(verdict);
  return made;
}

inline Verdict accept() {
  return {Verdict::Kind::accept, {}};
}

inline Verdict drop() {
  return {Verdict::Kind::drop, {}};
}

inline Verdict jump(std::string chain) {
  return {Verdict::Kind::jump, std::move(chain)};
}

inline Set make_set(std::string set_name, std::vector<Field> key) {
  Set set;
  set.name = std::move(set_name);
  set.key = std::move(key);
  return set;
}

inline Chain make_chain(std::string chain_name) {
  Chain chain;
  chain.name = std::move(chain_name);
  return chain;
}

inline Chain make_base_chain(std::string chain_name, Hook hook) {
  Chain chain = make_chain(std::move(chain_name));
  chain.hook = hook;
  return chain;
}

// What makes a whole ruleset, in the order the kernel needs.
inline Transaction make_all(const Ruleset& ruleset) {
  Transaction steps{PutTable{ruleset.comment}};
  for (const Set& set : ruleset.sets)
    steps.emplace_back(PutSet{set});
  for (const Chain& chain : ruleset.chains)
    steps.emplace_back(PutChain{chain});
  for (const Set& set : ruleset.sets)
    if (!set.elements.empty()) steps.emplace_back(AddElements{set.name, set.elements, false});
  for (const Chain& chain : ruleset.chains)
    for (const Rule& rule : chain.rules)
      steps.emplace_back(AddRule{chain.name, rule});
  return steps;
}

}  // namespace ravelin::firewall
