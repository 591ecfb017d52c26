#include "system/keys/key_list.h"

#include "gateway/tls/remote/key_id.h"

#include <gtest/gtest.h>

namespace ravelin::system {
namespace {

TEST(KeyList, HasWhatListenersAndServersShowOnce) {
  gateway::Config config;
  config.certs_store = "/store";
  gateway::ListenerConfig web;
  web.tls.emplace();
  web.tls->certificates.resize(2);
  web.tls->certificates[0].chain = "/www.crt";
  web.tls->certificates[0].key = "/www.key";
  web.tls->certificates[1].chain = "/t.crt";
  web.tls->certificates[1].key = "pkcs11:token=web;object=t";
  web.tls->certificates[1].key_secret = "/pin";
  config.listeners = {web, web, gateway::ListenerConfig{}};
  gateway::PoolConfig pool;
  pool.servers.resize(3);
  pool.servers[0].tls.emplace();
  pool.servers[1].tls.emplace();
  pool.servers[1].tls->certificate = "/www.crt";
  pool.servers[1].tls->key = "/www.key";
  config.pools = {pool};
  KeyList list = list_keys(config);
  ASSERT_EQ(list.files.size(), 3U);
  EXPECT_EQ(list.files[0].files, (certs::PairFiles{"/www.crt", "/www.key"}));
  EXPECT_EQ(list.files[1].files, (certs::PairFiles{"/t.crt", "pkcs11:token=web;object=t", "/pin"}));
  EXPECT_EQ(list.files[2].use, certs::PairUse::client);
  EXPECT_EQ(list.files[2].id, gateway::key_id({"/www.crt", "/www.key"}, certs::PairUse::client));
  EXPECT_NE(list.files[2].id, list.files[0].id);
  EXPECT_EQ(list.key_groups, std::vector<std::string>{"ssl-cert"});
  EXPECT_EQ(list.store, "") << "no listener shows it";
  config.listeners[0].tls->from_store = true;
  EXPECT_EQ(list_keys(config).store, "/store");
}

TEST(KeyId, IsAnotherForOtherFilesAndNothingElse) {
  const certs::PairFiles files{"/a", "/b", "/c"};
  EXPECT_EQ(gateway::key_id(files, certs::PairUse::server),
            gateway::key_id(files, certs::PairUse::server));
  EXPECT_EQ(gateway::key_id(files, certs::PairUse::server).size(), 32U);
  for (const certs::PairFiles& other :
       {certs::PairFiles{"/a", "/b", ""}, certs::PairFiles{"/a/b", "", "/c"},
        certs::PairFiles{"/b", "/a", "/c"}})
    EXPECT_NE(gateway::key_id(other, certs::PairUse::server),
              gateway::key_id(files, certs::PairUse::server));
}

}  // namespace
}  // namespace ravelin::system
