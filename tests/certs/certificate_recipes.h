// Certificates as a test wants them, good and bad, of a CA that lives for one process: a root, an
// intermediate, and leaves of it that break one rule at a time. All dates hang on kNow.
#pragma once

#include "certs/certificate.h"
#include "certs/store/generation.h"

#include <chrono>
#include <string>
#include <vector>

namespace ravelin::certs::test {

// Noon of a day on which nothing else happens.
inline constexpr base::WallTime kNow =
    std::chrono::sys_days(std::chrono::year(2026) / 3 / 2) + std::chrono::hours(12);

enum class TestKey { p256, other_p256, p384, p521, rsa2048, rsa1024, ed25519 };

// The same one each time in this process.
EVP_PKEY* test_key(TestKey kind);

// What stands above the leaf in a chain.
enum class Above { intermediate, nothing, stranger, expired_intermediate };

struct Recipe {
  std::vector<std::string> names{"www.example.test"};  // of the subjectAltName; empty: none
  TestKey key = TestKey::p256;
  std::string extended_usage = "serverAuth";
  std::string usage = "critical,digitalSignature";
  std::string constraints = "critical,CA:FALSE";
  const EVP_MD* digest = EVP_sha256();
  base::WallTime not_before = kNow - std::chrono::hours(1);
  base::WallTime not_after = kNow + std::chrono::days(90);
  Above above = Above::intermediate;
};

// PEM, for any public key; `recipe.key` is not looked at.
std::string sign_chain(EVP_PKEY* key, const Recipe& recipe);
// The chain and the key of the recipe.
PairTexts make_texts(const Recipe& recipe);
PairPtr make_pair(const Recipe& recipe);

// One with a pair in each slot the recipes name, its record filled in as check_generation does.
Generation make_generation(const std::vector<Recipe>& recipes);

}  // namespace ravelin::certs::test
