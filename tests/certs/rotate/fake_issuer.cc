#include "tests/certs/rotate/fake_issuer.h"

#include "base/check.h"
#include "certs/issuer/csr.h"
#include "certs/store/record_lines.h"
#include "tests/certs/certificate_recipes.h"

namespace ravelin::certs::test {
namespace {

using base::Errc;
using base::fail;

void append(const std::string& path, const std::string& line) {
  CHECK(append_line(path, line).has_value());
}

std::vector<std::string> lines_of(const std::string& path) {
  const auto lines = read_lines(path);
  CHECK(lines.has_value());
  return *lines;
}

std::string spki_of(EVP_PKEY* key) {
  const auto chain = parse_chain(sign_chain(key, {}), "chain");
  CHECK(chain.has_value());
  return chain->info.spki_sha256;
}

}  // namespace

FakeIssuer::FakeIssuer(std::string name, std::string log)
    : name_(std::move(name)), log_(std::move(log)) {}

std::vector<std::string> FakeIssuer::placed() const {
  return lines_of(log_ + ".orders");
}

std::vector<std::string> FakeIssuer::keys() const {
  return lines_of(log_ + ".keys");
}

Issuer::Outcome FakeIssuer::issue(const CertificateOrder& order, OrderNote& note,
                                  std::stop_token stop) {
  last = order;
  const auto csr = parse_csr(order.csr);
  CHECK(csr.has_value());
  append(log_ + ".keys", spki_of(csr->key.get()));
  if (stop.stop_requested()) return IssueFailure{fail(Errc::unavailable, "stopped")};
  if (note.text().empty()) {
    const std::string id = fmt::format("{}-{}", name_, placed().size() + 1);
    append(log_ + ".orders", id);
    CHECK(note.save(id).has_value());
  }
  if (at) at("placed");
  Recipe recipe{.names = csr->names};
  EVP_PKEY* key = csr->key.get();
  switch (answer) {
    case Answer::chain:
      break;
    case Answer::other_names:
      recipe.names = {"other.example.test"};
      break;
    case Answer::other_key:
      key = test_key(TestKey::other_p256);
      break;
    case Answer::garbage:
      return IssuedChain{"<html>", note.text()};
    case Answer::too_busy:
      return IssueFailure{fail(Errc::unavailable, "too many requests"), retry_after};
    case Answer::forbidden:
      return IssueFailure{fail(Errc::denied, "CAA forbids it"), {}, true};
    case Answer::quarrel:
      return IssueFailure{fail(Errc::conflict, "the account is in use")};
    case Answer::away:
      return IssueFailure{fail(Errc::timeout, "no answer in time"), {}, false, true};
  }
  IssuedChain chain{sign_chain(key, recipe), note.text(), !order.replaces.empty()};
  if (at) at("signed");
  return chain;
}

Result<> FakeIssuer::revoke(std::string_view chain_pem, RevocationReason reason,
                            std::stop_token /*stop*/) {
  if (!revokes) return fail(Errc::unavailable, "nothing is revoked here today");
  const auto chain = parse_chain(chain_pem, "to revoke");
  if (!chain) return chain.error();
  revoked.emplace_back(chain->info.serial, reason);
  return {};
}

Result<std::optional<RenewalWindow>> FakeIssuer::renewal_window(std::string_view /*chain_pem*/,
                                                                std::stop_token /*stop*/) {
  ++windows_asked;
  if (at) at("window");
  if (!says_windows) return fail(Errc::timeout, "no answer in time");
  return window;
}

}  // namespace ravelin::certs::test
