// The text of a ruleset against Debian's nft: what nft makes of it and lists again is the same
// text. Each table lives in a network namespace of its own, which ends with its process.
#include "firewall/ruleset/nft_rule.h"
#include "firewall/ruleset/nft_set.h"
#include "tests/firewall/ruleset/listing_examples.h"
#include "tests/firewall/ruleset/listing_rules.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace ravelin::firewall {
namespace {

constexpr const char* kNoNamespace = "no namespace";

struct Pipe {
  int read_end = -1, write_end = -1;
};

Pipe open_pipe() {
  std::array<int, 2> ends{};
  if (pipe(ends.data()) != 0) return {};
  return {ends[0], ends[1]};
}

void write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = write(file, text.data(), text.size());
    if (written <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string read_all(int file) {
  std::string text;
  std::array<char, 65536> buffer{};
  for (;;) {
    const ssize_t got = read(file, buffer.data(), buffer.size());
    if (got <= 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

// In a new namespace: `nft -f -` with this text, then its listing; what either says on failure.
std::string listed_by_nft(const std::string& text) {
  const Pipe in = open_pipe();
  const Pipe out = open_pipe();
  const pid_t child = fork();
  if (child == 0) {
    dup2(in.read_end, STDIN_FILENO);
    dup2(out.write_end, STDOUT_FILENO);
    dup2(out.write_end, STDERR_FILENO);
    for (const int end : {in.read_end, in.write_end, out.read_end, out.write_end})
      close(end);
    if (unshare(CLONE_NEWNET) != 0) {
      write_all(STDOUT_FILENO, kNoNamespace);
      _exit(1);
    }
    setenv("TZ", "UTC", 1);  // nft prints hours in local time
    execl("/bin/sh", "sh", "-c", "PATH=$PATH:/usr/sbin; nft -f - && nft list table inet ravelin",
          nullptr);
    _exit(127);
  }
  close(in.read_end);
  close(out.write_end);
  write_all(in.write_end, text);
  close(in.write_end);
  std::string listing = read_all(out.read_end);
  close(out.read_end);
  waitpid(child, nullptr, 0);
  return listing;
}

// An element's remaining time moves while one looks.
std::string without_expiry(std::string text) {
  for (std::size_t at = text.find(" expires "); at != std::string::npos;
       at = text.find(" expires ", at)) {
    const std::size_t end = text.find_first_of(" ,\n", at + 9);
    text.erase(at, end - at);
  }
  return text;
}

TEST(NftListing, IsTheTextTheTableWasMadeFrom) {
  for (const ListingExample& example : listing_examples()) {
    const std::string text = nft_text(example.ruleset);
    const std::string listing = listed_by_nft(text);
    ASSERT_NE(listing, kNoNamespace) << "needs to make network namespaces: sudo ctest -L kernel";
    EXPECT_EQ(without_expiry(listing), text) << example.name;
  }
}

// Every statement of a rule written out, whatever the listing leaves away.
std::string spelled_out(const Ruleset& ruleset) {
  std::string text = "table inet ravelin {\n";
  for (const Set& set : ruleset.sets)
    text += nft::set_text(set, Elements::printed);
  for (const Chain& chain : ruleset.chains) {
    text += "chain " + chain.name + " {\n";
    for (const Rule& rule : chain.rules) {
      for (const Statement& statement : rule.statements)
        text += nft::rule_text(Rule{{statement}, {}, {}}) + " ";
      text += nft::rule_text(Rule{{}, rule.comment, {}}) + "\n";
    }
    text += "}\n";
  }
  return text + "}\n";
}

TEST(NftListing, LeavesOutWhatNftLeavesOut) {
  for (const Ruleset& ruleset : {guards(), matches(), statements()})
    EXPECT_EQ(listed_by_nft(spelled_out(ruleset)), nft_text(ruleset));
}

}  // namespace
}  // namespace ravelin::firewall
