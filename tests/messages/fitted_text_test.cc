#include "messages/fitted_text.h"

#include <gtest/gtest.h>

namespace ravelin::messages {
namespace {

TEST(FittedText, IsItselfWhereItFits) {
  EXPECT_EQ(fitted("", AtMost{0}), "");
  EXPECT_EQ(fitted("twelve bytes", AtMost{12}), "twelve bytes");
}

TEST(FittedText, IsCutBetweenWords) {
  EXPECT_EQ(fitted("one two three four", AtMost{14}), "one two …");
  EXPECT_EQ(fitted("one two three four", AtMost{17}), "one two three …");
  EXPECT_EQ(fitted("a\nlonger line", AtMost{8}), "a …");
}

TEST(FittedText, CutsAWordThatIsAllThereIs) {
  EXPECT_EQ(fitted("/a/path/without/end", AtMost{10}), "/a/pat …");
}

TEST(FittedText, CutsNoCharacter) {
  EXPECT_EQ(fitted("ääääää", AtMost{9}), "ää …");
  EXPECT_EQ(fitted("ääääää", AtMost{10}), "äää …");
  EXPECT_EQ(fitted("ää", AtMost{3}), "ä");
}

TEST(FittedText, IsNeverLongerThanAsked) {
  const std::string text = "Zertifikat für www.example.com läuft ab: ä€😀 und mehr davon";
  for (std::size_t most = 0; most <= text.size(); ++most)
    EXPECT_LE(fitted(text, AtMost{most}).size(), most);
}

}  // namespace
}  // namespace ravelin::messages
