// One generation of a certificate as values: what stands in its record, and its files' contents. A
// generation never changes once it is kept. Pure; any thread.
#pragma once

#include "base/result.h"

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ravelin::certs {

using base::Result;
using std::chrono::sys_seconds;

// A generation has one pair of each key type at most, and one pair at least.
enum class PairSlot : std::uint8_t { ec, rsa };

inline constexpr std::array<PairSlot, 2> kPairSlots = {PairSlot::ec, PairSlot::rsa};

constexpr std::string_view text_of(PairSlot slot) {
  return slot == PairSlot::ec ? "ec" : "rsa";
}

// What is known of a pair without parsing it.
struct PairFacts {
  std::string key;          // "p256", "rsa2048"
  std::string serial;       // upper case hex
  std::string issuer_name;  // RFC 2253 text
  std::string spki_sha256;  // lower case hex
  sys_seconds not_before{};
  sys_seconds not_after{};
  std::string order;  // what the issuer calls it; may be empty

  friend bool operator==(const PairFacts&, const PairFacts&) = default;
};

// The issuer of what came from elsewhere.
inline constexpr std::string_view kImported = "imported";

struct GenerationInfo {
  std::uint64_t number = 0;
  std::vector<std::string> names;  // all the certificates cover, the certificate's own first
  std::string issuer;              // the configuration's word for it; kImported
  std::string reason;              // "issue", "renewal", "rotate", "import", …
  std::string by;                  // who asked: "root", "scheduler"
  std::string node;                // where
  sys_seconds made{};
  std::optional<PairFacts> ec;
  std::optional<PairFacts> rsa;

  [[nodiscard]] const std::optional<PairFacts>& facts(PairSlot slot) const {
    return slot == PairSlot::ec ? ec : rsa;
  }

  [[nodiscard]] std::optional<PairFacts>& facts(PairSlot slot) {
    return slot == PairSlot::ec ? ec : rsa;
  }

  // The pair that ends first decides.
  [[nodiscard]] sys_seconds not_after() const;
  [[nodiscard]] sys_seconds not_before() const;  // the latest

  friend bool operator==(const GenerationInfo&, const GenerationInfo&) = default;
};

std::string format_generation(const GenerationInfo& info);  // JSON
Result<GenerationInfo> parse_generation(std::string_view text);

// The contents of a pair's files. The key is wiped when it goes.
struct PairTexts {
  std::string chain;  // PEM: leaf first, then intermediates
  std::string key;    // PEM: PKCS#8, unencrypted

  PairTexts() = default;
  PairTexts(std::string chain_pem, std::string key_pem);
  PairTexts(const PairTexts&) = default;
  PairTexts& operator=(const PairTexts&) = default;
  PairTexts(PairTexts&&) noexcept = default;
  PairTexts& operator=(PairTexts&&) noexcept = default;
  ~PairTexts();
};

struct Generation {
  GenerationInfo info;
  std::optional<PairTexts> ec;
  std::optional<PairTexts> rsa;

  [[nodiscard]] const std::optional<PairTexts>& texts(PairSlot slot) const {
    return slot == PairSlot::ec ? ec : rsa;
  }

  [[nodiscard]] std::optional<PairTexts>& texts(PairSlot slot) {
    return slot == PairSlot::ec ? ec : rsa;
  }
};

// "000012"
std::string number_text(std::uint64_t number);
// Errors: not six digits or more, zero.
Result<std::uint64_t> parse_number(std::string_view text);

}  // namespace ravelin::certs
