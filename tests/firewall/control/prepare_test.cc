// What is said of a policy whose files cannot be read.
#include "firewall/control/prepare.h"

#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace ravelin::firewall {
namespace {

using testing::ElementsAre;

class NoHostFacts final : public FactFinder {
 public:
  policies::Facts find(const policies::ParsedPolicy& /*policy*/) override { return {}; }
};

// What another user than root is told, without being one.
class Denying final : public base::yaml::DiskLoader {
 public:
  base::Result<base::yaml::LoadedFile> read(const std::string& path,
                                            std::size_t bytes_max) override {
    if (!path.ends_with("denied.yaml")) return DiskLoader::read(path, bytes_max);
    return base::fail(base::Errc::denied, "opening {}: Permission denied", path);
  }
};

class Collecting : public testing::Test {
 protected:
  // The errors of reading it, without the directory.
  std::vector<std::string> errors(const std::string& name) {
    Denying loader;
    NoHostFacts facts;
    base::Diagnostics diagnostics;
    static_cast<void>(collect(temp_.path(name), loader, facts, {}, diagnostics));
    std::vector<std::string> lines;
    const std::string folder = temp_.path("");
    for (const base::Finding& finding : diagnostics.findings()) {
      if (finding.severity != base::Severity::error) continue;
      std::string line = base::to_string(finding);
      for (auto at = line.find(folder); at != std::string::npos; at = line.find(folder))
        line.erase(at, folder.size());
      lines.push_back(std::move(line));
    }
    return lines;
  }

  void include(const std::string& name) {
    temp_.write("p.yaml", "policy: v1\nname: p\nzones: { wan: { interfaces: [eth0] } }\ninclude: " +
                              name + "\nrules: { wan -> host: [{ allow: ssh }] }\n");
  }

  test::TempDir temp_;
};

TEST_F(Collecting, TellsWhyTheFileCannotBeRead) {
  std::filesystem::create_directory(temp_.path("folder"));
  ASSERT_EQ(::mkfifo(temp_.path("fifo").c_str(), 0600), 0);
  EXPECT_THAT(errors("none.yaml"),
              ElementsAre("none.yaml: opening none.yaml: no such file or directory"));
  EXPECT_THAT(errors("denied.yaml"),
              ElementsAre("denied.yaml: opening denied.yaml: Permission denied"));
  EXPECT_THAT(errors("folder"), ElementsAre("folder: folder is a directory, not a file"));
  EXPECT_THAT(errors("fifo"), ElementsAre("fifo: fifo is a FIFO, not a file"));
}

TEST_F(Collecting, TellsWhyAndWhereAnIncludeCannotBeRead) {
  std::filesystem::create_directory(temp_.path("folder"));
  include("none.yaml");
  EXPECT_THAT(
      errors("p.yaml"),
      ElementsAre("p.yaml:4:10: include: opening none.yaml: no such file or directory (nor is it "
                  "/usr/share/ravelin/policies/none.yaml)"));
  include("denied.yaml");
  EXPECT_THAT(errors("p.yaml"),
              ElementsAre("p.yaml:4:10: include: opening denied.yaml: Permission denied"));
  include("folder");
  EXPECT_THAT(errors("p.yaml"),
              ElementsAre("p.yaml:4:10: include: folder is a directory, not a file"));
}

}  // namespace
}  // namespace ravelin::firewall
