#include "certs/store/store_dir.h"

#include "base/io/file.h"
#include "certs/store/journal.h"
#include "tests/certs/store/store_lab.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

namespace ravelin::certs {
namespace {

namespace fs = std::filesystem;
using base::Errc;
using ravelin::test::TempDir;
using test::StoreLab;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

const std::string kStoreName = "www.example.test";

TEST(StoreDir, IsMadeForItsOwnerAlone) {
  const TempDir dir;
  const std::string path = dir.path("deep/below/store");
  EXPECT_EQ(StoreDir::open(path).error().code, Errc::not_found);
  const auto store = StoreDir::make(path);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_EQ(fs::status(path).permissions(), fs::perms(0700));
  for (const auto& entry : fs::recursive_directory_iterator(path))
    EXPECT_EQ(entry.status().permissions() & fs::perms(077), fs::perms::none) << entry.path();
  EXPECT_EQ(test::read_text(path + "/FORMAT"), "ravelin-certs 2\n");
  EXPECT_TRUE(read_journal(store->paths().journal(), {}));
  EXPECT_THAT(*store->names(), IsEmpty());
  EXPECT_TRUE(StoreDir::open(path));
}

TEST(StoreDir, IsMadeOnce) {
  const TempDir dir;
  const std::string path = dir.path("store");
  ASSERT_TRUE(StoreDir::make(path));
  const std::string journal = test::read_text(path + "/gateway/journal");
  ASSERT_TRUE(StoreDir::make(path));
  EXPECT_EQ(test::read_text(path + "/gateway/journal"), journal);
}

TEST(StoreDir, MayBeWrittenWithASlashBehindIt) {
  const TempDir dir;
  const auto made = StoreDir::make(dir.path("store/"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_TRUE(StoreDir::open(dir.path("store")));
  EXPECT_TRUE(StoreDir::open(dir.path("store//")));
}

// A crash may come between any two steps of making one.
TEST(StoreDir, HalfMadeOnesAreFinished) {
  for (const char* missing :
       {"FORMAT", "gateway/journal", "locks", "gateway/revoked", "gateway/certs", "private/keys",
        "private/pending", "gateway", "private"}) {
    const TempDir dir;
    const std::string path = dir.path("store");
    ASSERT_TRUE(StoreDir::make(path));
    fs::remove_all(path + "/FORMAT");
    fs::remove_all(path + "/" + missing);
    EXPECT_EQ(StoreDir::open(path).error().code, Errc::not_found) << missing;
    const auto store = StoreDir::make(path);
    ASSERT_TRUE(store) << missing;
    EXPECT_TRUE(read_journal(store->paths().journal(), {})) << missing;
    EXPECT_TRUE(store->lease(kStoreName, "test")) << missing;
  }
}

TEST(StoreDir, AJournalThatACrashCutOffIsMadeAnew) {
  const TempDir dir;
  const std::string path = dir.path("store");
  ASSERT_TRUE(StoreDir::make(path));
  fs::remove(path + "/FORMAT");
  dir.write("store/gateway/journal", "ravelin-jour");
  const auto store = StoreDir::make(path);
  ASSERT_TRUE(store) << store.error().message;
  EXPECT_TRUE(read_journal(store->paths().journal(), {}));
}

struct RefusedStore {
  const char* title;
  void (*spoil)(const std::string& path);
  Errc code;
  const char* why;  // "@" is the path
};

TEST(StoreDir, OpeningSaysWhatIsWrongAndTheRemedy) {
  const RefusedStore rows[] = {
      {"NotThere", [](const std::string& path) { fs::remove_all(path); }, Errc::not_found,
       "looking at @: "},
      {"AFile",
       [](const std::string& path) {
         fs::remove_all(path);
         ASSERT_TRUE(base::replace_file(path, "x", 0600));
       },
       Errc::invalid, "@ is no folder"},
      {"ALink",
       [](const std::string& path) {
         fs::rename(path, path + "-away");
         fs::create_symlink(path + "-away", path);
       },
       Errc::invalid, "@ is no folder"},
      {"OthersMayLook", [](const std::string& path) { ASSERT_EQ(::chmod(path.c_str(), 0755), 0); },
       Errc::denied, "@ is open to others (mode 0755) and holds private keys: chmod 700 @"},
      {"TheGroupMayEnter",
       [](const std::string& path) { ASSERT_EQ(::chmod(path.c_str(), 0710), 0); }, Errc::denied,
       "@ is open to others (mode 0710) and holds private keys: chmod 700 @"},
      {"NoFormat", [](const std::string& path) { fs::remove(path + "/FORMAT"); }, Errc::not_found,
       "@/FORMAT is not there: this is no store of certificates"},
      {"NewerFormat",
       [](const std::string& path) {
         ASSERT_TRUE(base::replace_file(path + "/FORMAT", "ravelin-certs 3\n", 0600));
       },
       Errc::invalid,
       "@/FORMAT: the store is of the format \"ravelin-certs 3\"; this program knows "
       "\"ravelin-certs 2\": use the one that made it"},
  };
  for (const RefusedStore& row : rows) {
    const StoreLab lab;
    row.spoil(lab.root());
    std::string why = row.why;
    for (std::size_t at = 0; (at = why.find('@', at)) != std::string::npos; at += lab.root().size())
      why.replace(at, 1, lab.root());
    const auto store = StoreDir::open(lab.root());
    ASSERT_FALSE(store) << row.title;
    EXPECT_EQ(store.error().code, row.code) << row.title;
    EXPECT_THAT(store.error().message, HasSubstr(why)) << row.title;
  }
}

TEST(StoreDir, KnowsWhatIsInIt) {
  StoreLab lab;
  lab.serve("b.example.test");
  lab.serve("*.example.test");
  fs::create_directory(lab.path("gateway/certs/Not A Name"));
  fs::create_directory(lab.path("gateway/certs/.gone-x.test"));
  EXPECT_THAT(*lab.store.names(), ElementsAre("*.example.test", "b.example.test"));
  const CertificateState state = lab.state("b.example.test");
  EXPECT_EQ(state.current, 1U);
  EXPECT_EQ(state.previous, 0U);
  EXPECT_THAT(state.generations, ElementsAre(1U));
  const auto none = lab.store.state("c.example.test");
  EXPECT_EQ(none.error().code, Errc::not_found);
  EXPECT_EQ(none.error().message,
            "the store " + lab.root() + " has no certificate \"c.example.test\"");
  EXPECT_EQ(lab.store.state("../x").error().code, Errc::invalid);
}

TEST(StoreDir, GivesAGenerationBackAsItWasKept) {
  StoreLab lab;
  Generation kept = test::make_generation(
      {{.names = {kStoreName}}, {.names = {kStoreName}, .key = test::TestKey::rsa2048}});
  lab.serve(kStoreName, kept);
  kept.info.number = 1;
  const auto found = lab.store.generation(kStoreName, 1);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->info, kept.info);
  for (const PairSlot slot : kPairSlots) {
    EXPECT_EQ(found->texts(slot)->chain, kept.texts(slot)->chain);
    EXPECT_EQ(found->texts(slot)->key, kept.texts(slot)->key);
  }
  EXPECT_EQ(lab.store.info(kStoreName, 2).error().message,
            "certificate \"www.example.test\" has no generation 2");
}

struct Damage {
  const char* title;
  void (*damage)(const StoreLab& lab);
  Errc code;
  const char* why;  // "@" is the certificate's folder
};

// The answer of whoever wants to serve it.
base::Error why_not(const StoreLab& lab) {
  const auto state = lab.store.state(kStoreName);
  if (!state) return state.error();
  const auto generation = lab.store.generation(kStoreName, state->current);
  return generation ? base::Error{} : generation.error();
}

const Damage kDamages[] = {
    {"KeyOpenToOthers",
     [](const StoreLab& lab) {
       ASSERT_EQ(::chmod(lab.path("private/keys/www.example.test/000001/ec.key").c_str(), 0644), 0);
     },
     Errc::denied,
     "E_KEY_PERMS: %/000001/ec.key: mode 0644 gives every user access to the private key: "
     "chmod 600 %/000001/ec.key"},
    {"FolderOpenToOthers",
     [](const StoreLab& lab) {
       ASSERT_EQ(::chmod(lab.path("gateway/certs/www.example.test").c_str(), 0750), 0);
     },
     Errc::denied, "@ is open to others (mode 0750) and holds private keys: chmod 700 @"},
    {"LinkOutOfTheStore",
     [](const StoreLab& lab) {
       fs::remove(lab.path("gateway/certs/www.example.test/current"));
       fs::create_symlink("/etc", lab.path("gateway/certs/www.example.test/current"));
     },
     Errc::invalid, "@/current points to \"/etc\", which is no generation of this certificate"},
    {"LinkUpwards",
     [](const StoreLab& lab) {
       fs::remove(lab.path("gateway/certs/www.example.test/current"));
       fs::create_symlink("gen/../../x", lab.path("gateway/certs/www.example.test/current"));
     },
     Errc::invalid, "\"../../x\" is not the number of a generation"},
    {"LinkIsAFolder",
     [](const StoreLab& lab) {
       fs::remove(lab.path("gateway/certs/www.example.test/current"));
       fs::create_directory(lab.path("gateway/certs/www.example.test/current"));
     },
     Errc::io, "reading @/current: "},
    {"LinkToNothing",
     [](const StoreLab& lab) {
       fs::remove(lab.path("gateway/certs/www.example.test/current"));
       fs::create_symlink("gen/000009", lab.path("gateway/certs/www.example.test/current"));
     },
     Errc::not_found, "certificate \"www.example.test\" has no generation 9"},
    {"GenerationIsALinkOutOfTheStore",
     [](const StoreLab& lab) {
       const std::string folder = lab.path("gateway/certs/www.example.test/gen/000001");
       fs::rename(folder, lab.root() + "-away");
       fs::create_symlink(lab.root() + "-away", folder);
     },
     Errc::invalid, "@/gen/000001 is no folder"},
    {"NoRecord",
     [](const StoreLab& lab) {
       fs::remove(lab.path("gateway/certs/www.example.test/gen/000001/meta.json"));
     },
     Errc::not_found, "certificate \"www.example.test\" has no generation 1"},
    {"BrokenRecord",
     [](const StoreLab& lab) {
       ASSERT_TRUE(base::replace_file(
           lab.path("gateway/certs/www.example.test/gen/000001/meta.json"), "{", 0600));
     },
     Errc::invalid, "@/gen/000001/meta.json: the record of a generation is no JSON object"},
    {"NoChain",
     [](const StoreLab& lab) {
       fs::remove(lab.path("gateway/certs/www.example.test/gen/000001/ec.pem"));
     },
     Errc::not_found, "@/gen/000001/ec.pem"},
    {"NoKey",
     [](const StoreLab& lab) {
       fs::remove(lab.path("private/keys/www.example.test/000001/ec.key"));
     },
     Errc::io, "%/000001/ec.key"},
    {"AFileInItsPlace",
     [](const StoreLab& lab) {
       fs::remove_all(lab.path("gateway/certs/www.example.test"));
       ASSERT_TRUE(base::replace_file(lab.path("gateway/certs/www.example.test"), "x", 0600));
     },
     Errc::invalid, "@ is no folder"},
};

TEST(StoreDir, DamageIsRefusedAndNamed) {
  for (const Damage& row : kDamages) {
    StoreLab lab;
    lab.serve(kStoreName);
    ASSERT_EQ(why_not(lab).message, "") << row.title;
    row.damage(lab);
    const base::Error error = why_not(lab);
    std::string why = row.why;
    for (const auto& [mark, folder] : {std::pair('@', lab.store.paths().of(kStoreName)),
                                       std::pair('%', lab.store.paths().keys(kStoreName))})
      for (std::size_t at = 0; (at = why.find(mark, at)) != std::string::npos; at += folder.size())
        why.replace(at, 1, folder);
    EXPECT_EQ(error.code, row.code) << row.title << ": " << error.message;
    EXPECT_THAT(error.message, HasSubstr(why)) << row.title;
  }
}

TEST(StoreDir, RevokedKeysAreKept) {
  StoreLab lab;
  EXPECT_THAT(*lab.store.revoked_keys(), IsEmpty());
  ASSERT_TRUE(lab.store.revoke_key("ab12"));
  ASSERT_TRUE(lab.store.revoke_key("cd34"));
  ASSERT_TRUE(lab.store.revoke_key("ab12"));
  EXPECT_THAT(*lab.store.revoked_keys(), ElementsAre("ab12", "cd34"));
  EXPECT_EQ(fs::status(lab.path("gateway/revoked/spki")).permissions(), fs::perms(0600));
}

TEST(StoreDir, HistoryOnlyGrows) {
  StoreLab lab;
  EXPECT_THAT(lab.store.history(kStoreName), IsEmpty());
  lab.serve(kStoreName);
  const HistoryEntry first{std::chrono::floor<std::chrono::seconds>(test::kNow),
                           "issue",
                           1,
                           "root",
                           "gw1",
                           "generation 0 -> 1"};
  HistoryEntry second = first;
  second.event = "failed";
  lab.store.note(kStoreName, first);
  lab.store.note(kStoreName, second);
  EXPECT_THAT(lab.store.history(kStoreName), ElementsAre(first, second));
}

}  // namespace
}  // namespace ravelin::certs
