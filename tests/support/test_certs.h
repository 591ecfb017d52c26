// Certificates for tests: one unconstrained CA per process, and pairs on demand.
#pragma once

#include "certs/local_ca.h"
#include "tests/support/temp_dir.h"

#include <string>
#include <string_view>
#include <vector>

namespace ravelin::test {

// A CA without name constraints, made at the first use.
const certs::LocalCa& ca();
// Another one, which nothing trusts.
const certs::LocalCa& stranger_ca();

// A server pair of ca() for these names. Aborts on failure.
certs::PairPtr issue(std::vector<std::string> names, certs::LeafKey key = certs::LeafKey::p256);
certs::PairPtr issue(const certs::LeafRequest& request);
// A client pair with this common name.
certs::PairPtr issue_client(const std::string& common_name);

// Writes NAME.crt and NAME.key.
void write_pair(const TempDir& dir, std::string_view name, const certs::PairPtr& pair);

}  // namespace ravelin::test
