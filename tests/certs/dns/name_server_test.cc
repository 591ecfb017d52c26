#include "certs/dns/name_server.h"

#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace ravelin::certs::dns {
namespace {

TEST(NameServer, IsAnAddressOrANameWithAPort) {
  for (const char* good : {"192.0.2.1", "192.0.2.1:5353", "[2001:db8::1]:53", "2001:db8::1",
                           "ns.example.test", "ns.example.test:54"})
    EXPECT_TRUE(NameServer::open(good)) << good;
  for (const char* bad : {"", "192.0.2.1:0", "unix:/x", "ns.example.test:x", ":53"})
    EXPECT_FALSE(NameServer::open(bad)) << bad;
}

TEST(NameServer, ResolversAreThoseOfTheSystemsFile) {
  const ravelin::test::TempDir folder;
  const std::string path = folder.path("resolv.conf");
  std::ofstream(path) << "search test\nnameserver 192.0.2.1\n  nameserver\t2001:db8::1 \n"
                         "nameserver of-no-use\n#nameserver 192.0.2.3\n";
  EXPECT_THAT(read_resolvers(path), testing::ElementsAre("192.0.2.1:53", "[2001:db8::1]:53"));
  EXPECT_THAT(read_resolvers(folder.path("none")), testing::IsEmpty());
}

}  // namespace
}  // namespace ravelin::certs::dns
