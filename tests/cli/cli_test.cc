// The command line as a script meets it: what is printed where, and the exit code.
#include "base/io/file.h"
#include "certs/local_ca.h"
#include "tests/cli/run_ravelin.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>

namespace ravelin {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class Cli : public ::testing::Test {
 public:
  ~Cli() override { std::filesystem::remove_all(directory_); }

 protected:
  Cli() {
    std::string name = (std::filesystem::temp_directory_path() / "ravelin-cli-XXXXXX").string();
    directory_ = ::mkdtemp(name.data());
  }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ + "/" + name; }

  void write(const std::string& name, const std::string& text, mode_t mode = 0644) {
    ASSERT_TRUE(base::replace_file(path(name), text, mode));
  }

  // A certificate for these names and its key, as `name`.crt and `name`.key.
  void write_pair(const std::string& name, std::vector<std::string> names) {
    static const auto authority =
        certs::LocalCa::create({.permitted_names = {}, .permitted_ips = {}});
    ASSERT_TRUE(authority);
    certs::LeafRequest request;
    request.names = std::move(names);
    const auto pair = authority->issue(request);
    ASSERT_TRUE(pair);
    write(name + ".crt", certs::to_pem((*pair)->chain));
    write(name + ".key", certs::key_to_pem((*pair)->key.get()), 0600);
    write("ca.pem", authority->certificate_pem());
  }

  // Runs `ravelin ARGUMENTS` in the directory.
  Outcome run(const std::string& arguments) { return run_ravelin(directory_, arguments); }

  std::string directory_;
};

constexpr const char* kConfig =
    "version: 1\n"
    "listeners:\n"
    "  - name: web\n"
    "    bind: \"127.0.0.1:0\"\n"
    "    tls:\n"
    "      certificates: [{ chain: www.crt, key: www.key }]\n"
    "    routes:\n"
    "      - { match: { host: www.a.test }, pool: web }\n"
    "pools:\n"
    "  - { name: web, servers: [{ address: \"127.0.0.1:8080\", tls: { ca: ca.pem } }] }\n";

TEST_F(Cli, SaysWhatItIs) {
  const Outcome version = run("--version");
  EXPECT_EQ(version.code, 0);
  EXPECT_THAT(version.out, StartsWith("ravelin "));
  for (const char* help : {"--help", "check --help", "config --help", "config show --help"}) {
    const Outcome outcome = run(help);
    EXPECT_EQ(outcome.code, 0) << help;
    EXPECT_THAT(outcome.out, HasSubstr("Usage: ravelin")) << help;
    EXPECT_THAT(outcome.err, IsEmpty()) << help;
  }
}

TEST_F(Cli, AnswersBadUsageWithTwo) {
  for (const char* bad : {"", "chekc", "check --bogus", "check -c", "config", "check extra"}) {
    const Outcome outcome = run(bad);
    EXPECT_EQ(outcome.code, 2) << bad;
    EXPECT_THAT(outcome.out, IsEmpty()) << bad;
    EXPECT_THAT(outcome.err, HasSubstr("--help")) << bad;
  }
}

TEST_F(Cli, NamesTheWordThatIsUnknownAndTheNearest) {
  const struct {
    const char* arguments;
    const char* said;
  } rows[] = {
      {"", "ravelin: a command is missing: certs, check, config"},
      {"firewall", "ravelin firewall: a command is missing: "},
      {"chekc", "ravelin: there is no command \"chekc\"; did you mean \"check\"?"},
      {"zzz", "ravelin: there is no command \"zzz\"\n"},
      {"firewall aply", "ravelin firewall: there is no command \"aply\"; did you mean \"apply\"?"},
      {"check --confg x",
       "ravelin check: there is no option \"--confg\"; did you mean \"--config\"?"},
      {"check extra", "ravelin check: The following argument was not expected: extra"},
      {"role_of_ours", "ravelin: there is no command \"role_of_ours\"\n"},
  };

  for (const auto& row : rows) {
    const Outcome outcome = run(row.arguments);
    EXPECT_EQ(outcome.code, 2) << row.arguments;
    EXPECT_THAT(outcome.err, HasSubstr(row.said)) << row.arguments;
  }
}

TEST_F(Cli, CheckAcceptsAWholeConfiguration) {
  write("r.yaml", kConfig);
  write_pair("www", {"www.a.test"});
  const Outcome outcome = run("check -c r.yaml");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.out, "r.yaml: valid\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(Cli, CheckRefusesAndOrdersWhatItFinds) {
  write("r.yaml", "version: 2\nlisteners:\n  - { name: web, bind: x, tsl: {} }\nworkers: none\n");
  const Outcome outcome = run("check -c r.yaml");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "r.yaml:1:10: version: 2 is not a version this program reads (1)\n"
            "r.yaml:3:24: listeners[0].bind: \"x\" is not an address and port\n"
            "r.yaml:3:27: listeners[0]: unknown key \"tsl\" (did you mean \"tls\"?)\n"
            "r.yaml:4:10: workers: \"none\" is not a whole number (1 to 1024)\n"
            "4 errors; the running configuration is unchanged\n");
}

TEST_F(Cli, CheckHasAMachineForm) {
  write("r.yaml", "version: 2\nlisteners: []\n");
  const Outcome outcome = run("check -c r.yaml --json");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.err, "");
  const std::string expected =
      R"j({"valid":false,"errors":2,"warnings":0,"findings":[)j"
      R"j({"severity":"error","file":"r.yaml","line":1,"column":10,"key":"version",)j"
      R"j("message":"2 is not a version this program reads (1)"},)j"
      R"j({"severity":"error","file":"r.yaml","line":2,"column":12,"key":"listeners",)j"
      R"j("message":"is an empty list; write at least one entry"}]})j";
  EXPECT_EQ(outcome.out, expected + "\n");
}

TEST_F(Cli, CheckNamesAMissingFile) {
  const Outcome outcome = run("check -c none.yaml");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.err,
            "none.yaml: opening "
            "none.yaml: no such "
            "file or directory\n"
            "1 error; the running "
            "configuration is "
            "unchanged\n");
}

TEST_F(Cli, CheckLooksAtCertificates) {
  write("r.yaml", kConfig);
  write_pair("www", {"www.a.test"});
  const std::string good_key = *base::read_file(path("www.key"), 100'000);
  write_pair("www", {"www.a.test"});  // another
                                      // key
                                      // for
                                      // the
                                      // certificate
                                      // now
                                      // there
  write("www.key", good_key, 0600);
  Outcome outcome = run("check -c r.yaml");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("r.yaml:6:22: "
                                     "listeners[0].tls."
                                     "certificates[0]:"
                                     " "));
  EXPECT_THAT(outcome.err, HasSubstr("[E_KEY_MISMATCH]"));

  write_pair("www", {"www.a.test"});
  ASSERT_EQ(::chmod(path("www.key").c_str(), 0644), 0);
  outcome = run("check -c r.yaml");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr("chmod 600 " + path("www.key")));

  std::filesystem::remove(path("www.key"));
  write("ca.pem", "nothing\n");
  outcome = run("check -c r.yaml");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_THAT(outcome.err, HasSubstr(path("www.key") + ": no such file or "
                                                       "directory"));
  EXPECT_THAT(outcome.err, HasSubstr("r.yaml:10:68: "
                                     "pools[0].servers[0]"
                                     ".tls.ca: "));
}

TEST_F(Cli, CheckWarnsOfAHostWithoutCertificate) {
  write("r.yaml", kConfig);
  write_pair("www", {"*.b.test", "a.test"});
  const Outcome outcome = run("check -c r.yaml");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_EQ(outcome.err,
            "r.yaml:8:26: warning: "
            "listeners[0].routes[0]."
            "match.host: no "
            "certificate of this "
            "listener covers "
            "\"www.a.test\"\n");
  EXPECT_EQ(outcome.out,
            "r.yaml: valid (1 "
            "warning)\n");
}

TEST_F(Cli, ConfigShowTellsOriginsAndRefusesWhatIsBroken) {
  write("r.yaml", kConfig);
  Outcome outcome = run("config show -c r.yaml");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, HasSubstr("  - name: web      "
                                     "                   "
                                     "              # "
                                     "r.yaml:3\n"));
  EXPECT_THAT(outcome.out, HasSubstr("# default\n"));
  outcome =
      run("config show -c "
          "r.yaml --json");
  EXPECT_EQ(outcome.code, 0);
  EXPECT_THAT(outcome.out, StartsWith("{\"files\":[\"r."
                                      "yaml\"]"));
  write("r.yaml", "version: 1\n");
  outcome = run("config show -c r.yaml");
  EXPECT_EQ(outcome.code, 3);
  EXPECT_EQ(outcome.out, "");
  EXPECT_THAT(outcome.err, EndsWith("1 error; nothing "
                                    "to show\n"));
}

}  // namespace
}  // namespace ravelin
