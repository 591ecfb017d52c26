#include "tests/support/test_certs.h"

#include "base/check.h"

namespace ravelin::test {
namespace {

certs::LocalCa make_ca(const std::string& name) {
  auto made =
      certs::LocalCa::create({.common_name = name, .permitted_names = {}, .permitted_ips = {}});
  CHECK(made.has_value());
  return std::move(*made);
}

}  // namespace

const certs::LocalCa& ca() {
  static const certs::LocalCa authority = make_ca("test ca");
  return authority;
}

const certs::LocalCa& stranger_ca() {
  static const certs::LocalCa authority = make_ca("stranger ca");
  return authority;
}

certs::PairPtr issue(const certs::LeafRequest& request) {
  auto pair = ca().issue(request);
  CHECK(pair.has_value());
  return std::move(*pair);
}

certs::PairPtr issue(std::vector<std::string> names, certs::LeafKey key) {
  certs::LeafRequest request;
  request.names = std::move(names);
  request.key = key;
  return issue(request);
}

certs::PairPtr issue_client(const std::string& common_name) {
  certs::LeafRequest request;
  request.use = certs::LeafUse::client;
  request.common_name = common_name;
  return issue(request);
}

void write_pair(const TempDir& dir, std::string_view name, const certs::PairPtr& pair) {
  dir.write(std::string(name) + ".crt", certs::to_pem(pair->chain), 0644);
  dir.write(std::string(name) + ".key", certs::key_to_pem(pair->key.get()), 0600);
}

}  // namespace ravelin::test
