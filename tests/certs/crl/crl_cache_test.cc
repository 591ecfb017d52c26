#include "certs/crl/crl_cache.h"

#include "tests/certs/crl/crl_lab.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace ravelin::certs::test {
namespace {

TEST(CrlCache, GivesBackTheListOfEachCa) {
  const ravelin::test::TempDir dir;
  const std::string folder = dir.path("crls");
  const ListCa ca("ca");
  const ListCa other("other");
  const CrlAuthority all[] = {authority_of(ca.certificate.get()),
                              authority_of(other.certificate.get())};
  EXPECT_TRUE(read_crl_cache(folder, all).empty());
  const HeldCrlPtr kept = hold(ca.list(7, {"0A"}), ca);
  ASSERT_TRUE(write_crl_cache(folder, *hold(ca.list(6), ca)));
  ASSERT_TRUE(write_crl_cache(folder, *kept));
  ASSERT_TRUE(write_crl_cache(folder, *hold(other.list(1), other)));
  const auto lists = read_crl_cache(folder, all);
  ASSERT_EQ(lists.size(), 2U);
  const auto& found = lists[0]->authority == kept->authority ? lists[0] : lists[1];
  EXPECT_EQ(found->facts.sha256, kept->facts.sha256);
  EXPECT_EQ(found->slot, kept->slot);

  // The other CA is trusted no longer.
  ASSERT_EQ(read_crl_cache(folder, std::span(all).first(1)).size(), 1U);

  struct stat status {};

  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
  }
}

TEST(CrlCache, BelievesNothingBecauseItLiesThere) {
  const ravelin::test::TempDir dir;
  const ListCa ca("ca");
  const ListCa twin("ca");
  const CrlAuthority ours[] = {authority_of(ca.certificate.get())};
  dir.write("nonsense.crl", "nonsense");
  dir.write("forged.crl", der_of(twin.list(9).get()));
  dir.write("delta.crl", der_of(as_delta(ca.list(9), ca).get()));
  dir.write("large.crl", std::string(kCrlBytesMax + 1, 'x'));
  dir.write("other.name", der_of(ca.list(9).get()));
  EXPECT_TRUE(read_crl_cache(dir.path(), ours).empty());
  dir.write("good.crl", der_of(ca.list(9).get()));
  EXPECT_EQ(read_crl_cache(dir.path(), ours).size(), 1U);
}

TEST(CrlCache, SaysWhyItCannotBeWritten) {
  const ravelin::test::TempDir dir;
  const ListCa ca("ca");
  EXPECT_FALSE(write_crl_cache(dir.path("not/there"), *hold(ca.list(1), ca)));
}

}  // namespace
}  // namespace ravelin::certs::test
