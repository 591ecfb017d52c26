#include "certs/store/revoked_serials.h"

#include "certs/store/record_lines.h"
#include "tests/certs/store/store_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace ravelin::certs {
namespace {

using test::StoreLab;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

GenerationInfo with_serials(const std::string& ec, const std::string& rsa) {
  GenerationInfo info{.issuer = "le"};
  info.ec = PairFacts{.serial = ec};
  info.rsa = PairFacts{.serial = rsa};
  return info;
}

TEST(RevokedSerials, AreKeptOnceEach) {
  StoreLab lab;
  EXPECT_THAT(*revoked_serials(lab.store.paths()), IsEmpty());
  for (const char* serial : {"05C1", "04AA", "05C1"})
    ASSERT_TRUE(add_revoked_serial(lab.store.paths(), serial));
  EXPECT_THAT(*revoked_serials(lab.store.paths()), ElementsAre("04AA", "05C1"));
  EXPECT_THAT(*read_lines(lab.path("gateway/revoked/serials")), ElementsAre("05C1", "04AA"));
}

TEST(RevokedSerials, OneOfItsCertificatesIsEnough) {
  const RevokedSerials revoked{"05C1"};
  EXPECT_TRUE(has_revoked_serial(with_serials("05C1", "01"), revoked));
  EXPECT_TRUE(has_revoked_serial(with_serials("01", "05C1"), revoked));
  EXPECT_FALSE(has_revoked_serial(with_serials("01", "02"), revoked));
  EXPECT_FALSE(has_revoked_serial(GenerationInfo{}, revoked));
}

TEST(RevokedSerials, AnImportedOneIsAnothersToTakeBack) {
  GenerationInfo info = with_serials("05C1", "01");
  info.issuer = "imported";
  EXPECT_FALSE(has_revoked_serial(info, {"05C1"}));
}

}  // namespace
}  // namespace ravelin::certs
