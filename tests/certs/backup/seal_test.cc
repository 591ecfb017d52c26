#include "certs/backup/seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace ravelin::certs {
namespace {

using base::Errc;
using ::testing::HasSubstr;

constexpr SealCost kSealCost{.log_n = SealCost::kLogNMin};

struct Frame {
  FrameHead head;
  std::string sealed;  // behind its head
};

// A file of three frames.
struct Sealed {
  std::string head;
  std::vector<Frame> frames;
};

Sealed sealed_of(std::string_view passphrase = "secret") {
  auto key = SealKey::make(passphrase, kSealCost);
  EXPECT_TRUE(key);
  Sealed sealed{key->head(), {}};
  for (const auto& [text, kind] :
       {std::pair("first", FrameKind::more), std::pair("second", FrameKind::more),
        std::pair("", FrameKind::last)}) {
    const auto bytes = key->seal(text, kind);
    EXPECT_TRUE(bytes);
    sealed.frames.push_back({*SealKey::read_frame_head(bytes->substr(0, kFrameHeadBytes)),
                             bytes->substr(kFrameHeadBytes)});
  }
  return sealed;
}

// What opens of these, joined; then why the next did not.
std::string opened(const std::string& head, const std::vector<Frame>& frames) {
  auto key = SealKey::read(head, "secret");
  if (!key) return key.error().message;
  std::string text;
  for (const Frame& frame : frames) {
    const auto part = key->open(frame.head, frame.sealed);
    text += part ? *part + "|" : part.error().message;
    if (!part) break;
  }
  return text;
}

TEST(Seal, OpensWithItsPassphrase) {
  const Sealed sealed = sealed_of();
  EXPECT_EQ(opened(sealed.head, sealed.frames), "first|second||");
  EXPECT_EQ(sealed.frames.back().head.kind, FrameKind::last);
  EXPECT_EQ(sealed.head.size(), kSealHeadBytes);
}

TEST(Seal, AnotherPassphraseOpensNothing) {
  const Sealed sealed = sealed_of("other");
  EXPECT_THAT(opened(sealed.head, sealed.frames), HasSubstr("the passphrase is another"));
}

TEST(Seal, TwoFilesOfOneTextHaveNothingInCommon) {
  const Sealed one = sealed_of();
  const Sealed two = sealed_of();
  EXPECT_NE(one.head, two.head);
  EXPECT_NE(one.frames[0].sealed, two.frames[0].sealed);
  EXPECT_THAT(opened(one.head, two.frames), HasSubstr("it was changed"));
}

TEST(Seal, FramesOpenOnlyInTheirPlace) {
  const Sealed sealed = sealed_of();
  const auto& f = sealed.frames;
  EXPECT_THAT(opened(sealed.head, {f[1], f[0], f[2]}), HasSubstr("it was changed"));
  EXPECT_THAT(opened(sealed.head, {f[0], f[0]}), HasSubstr("first|frame 1 of the backup was"));
  EXPECT_THAT(opened(sealed.head, {f[0], f[2]}), HasSubstr("first|frame 1 of the backup was"));
  // An end in the middle is none.
  Frame early = f[1];
  early.head.kind = FrameKind::last;
  EXPECT_THAT(opened(sealed.head, {f[0], early}), HasSubstr("first|frame 1 of the backup was"));
}

TEST(Seal, EveryPartOfHeadAndFramesCounts) {
  const Sealed sealed = sealed_of();
  for (std::size_t at = 0; at < sealed.head.size(); at += 3) {
    std::string head = sealed.head;
    head[at] = static_cast<char>(head[at] ^ 1);
    EXPECT_THAT(opened(head, sealed.frames), ::testing::Not(HasSubstr("first"))) << at;
  }
  for (std::size_t at = 0; at < sealed.frames[0].sealed.size(); ++at) {
    Frame frame = sealed.frames[0];
    frame.sealed[at] = static_cast<char>(frame.sealed[at] ^ 0x10);
    EXPECT_THAT(opened(sealed.head, {frame}), HasSubstr("it was changed")) << at;
  }
}

struct HeadCase {
  const char* name;
  std::size_t at;
  char value;
  const char* why;
};

constexpr HeadCase kHeadCases[] = {
    {"NotOne", 0, 'X', "does not begin as a backup"},
    {"NewerVersion", 7, '2', "of another version"},
    {"TooCheap", 8, 13, "N = 2^13"},
    {"TooDear", 8, 19, "N = 2^19"},
    {"OtherBlocks", 9, 16, "r = 16"},
    {"NoRound", 10, 0, "p = 0"},
    {"ManyRounds", 10, 5, "p = 5"},
};

TEST(Seal, HeadsOutsideTheLimitsAreRefusedBeforeAnyWork) {
  const std::string good = sealed_of().head;
  for (const HeadCase& row : kHeadCases) {
    std::string head = good;
    head[row.at] = row.value;
    const auto key = SealKey::read(head, "secret");
    ASSERT_FALSE(key) << row.name;
    EXPECT_EQ(key.error().code, Errc::invalid) << row.name;
    EXPECT_THAT(key.error().message, HasSubstr(row.why)) << row.name;
  }
  EXPECT_FALSE(SealKey::read(good.substr(1), "secret"));
  EXPECT_FALSE(SealKey::read("", "secret"));
}

TEST(Seal, AFrameHasALengthThatCanBe) {
  EXPECT_EQ(SealKey::read_frame_head(std::string("\x00\x00\x00\x05", 4))->bytes, 5U);
  EXPECT_EQ(SealKey::read_frame_head(std::string("\x80\x00\x00\x00", 4))->kind, FrameKind::last);
  EXPECT_FALSE(SealKey::read_frame_head(std::string("\x00\x00\x00\x00", 4)));
  EXPECT_FALSE(SealKey::read_frame_head(std::string("\x00\x01\x00\x01", 4)));
  EXPECT_TRUE(SealKey::read_frame_head(std::string("\x00\x01\x00\x00", 4)));
}

}  // namespace
}  // namespace ravelin::certs
