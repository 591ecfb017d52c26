#include "firewall/kernel/userdata.h"

#include "tests/firewall/kernel/message_bytes.h"

#include <gtest/gtest.h>

namespace ravelin::firewall {
namespace {

// As nft 1.0.6 sends them.
TEST(Userdata, KeepsACommentAsNftDoes) {
  EXPECT_EQ(hexadecimal(comment_userdata("x")), "00027800");
  EXPECT_EQ(hexadecimal(comment_userdata("")), "");
  EXPECT_EQ(hexadecimal(open_interval_userdata("")), "010401000000");
  EXPECT_EQ(hexadecimal(open_interval_userdata("x")), "00027800010401000000");
}

TEST(Userdata, ASetTellsTheByteOrderOfItsKey) {
  struct {
    std::vector<Field> key;
    const char* comment;
    const char* bytes;
  } const rows[] = {
      {{Field::ip_saddr}, "", "000402000000020400000000"},
      {{Field::ip_saddr}, "hi", "0004020000000204000000000703686900"},
      {{Field::ct_state}, "", "000401000000020400000000"},
      {{Field::ip_saddr, Field::th_dport}, "", "000400000000020400000000"},
  };

  for (const auto& row : rows) {
    Set set;
    set.key = row.key;
    set.comment = row.comment;
    EXPECT_EQ(hexadecimal(set_userdata(set)), row.bytes);
  }
}

TEST(Userdata, FindsTheCommentAmongOtherThings) {
  EXPECT_EQ(comment_in(comment_userdata("edge.yaml:33 web")), "edge.yaml:33 web");
  EXPECT_EQ(comment_in(open_interval_userdata("x")), "x");
  EXPECT_EQ(comment_in(from_hexadecimal("010401000000 00027800")), "x");
  EXPECT_EQ(comment_in({}), "");
  EXPECT_EQ(comment_in(from_hexadecimal("010401000000")), "");
  EXPECT_EQ(comment_in(from_hexadecimal("00ff7800")), "") << "longer than what is there";
  EXPECT_EQ(comment_in(from_hexadecimal("00")), "");
}

}  // namespace
}  // namespace ravelin::firewall
