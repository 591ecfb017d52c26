#include "messages/codec.h"

#include "tests/messages/examples.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>
#include <string>

namespace ravelin::messages {
namespace {

std::string to_hex(std::span<const std::byte> bytes) {
  std::string hex;
  for (const std::byte byte : bytes)
    hex += fmt::format("{:02x}", std::to_integer<unsigned>(byte));
  return hex;
}

// The format of version 1, by hand: change it only with kFormatVersion.
constexpr const char* kGolden[] = {
    "52564c4e010001000100000000000800"
    "01"
    "0500302e312e30",
    "52564c4e010002000200000000002b00"
    "04c633640018"
    "58020000"
    "08006261645f70617468"
    "100030616637363531393136636434336464"
    "0300776562",
    "52564c4e010003000200000000001100"
    "01"
    "0e00697420697320696e206e65766572",
    "52564c4e010004000000000001001a00"
    "0300776562"
    "000620010db8000000000000000000000001bb01"
    "01",
    "52564c4e010005000000000000001000"
    "0500706c61696e"
    "0004c00002015000"
    "00",
    "52564c4e010006000000000000003000"
    "0300776562"
    "0300"
    "0004c00002015000"
    "010c006170702e696e7465726e616c901f"
    "020d002f72756e2f6170702e736f636b",
    "52564c4e010007000403020100006d00"
    "01"
    "0f007777772e6578616d706c652e636f6d"
    "0c00000000000000"
    "01"
    "200001080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da"
    "01"
    "00"
    "0304"
    "200001080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da"
    "0000"
    "0000"
    "0000"
    "0000"
    "0000",
    "52564c4e010008000403020100000d00"
    "00"
    "080001080f161d242b32"
    "0000",
    "52564c4e010009000000000000001900"
    "0f007777772e6578616d706c652e636f6d"
    "0000000000010000",
    "52564c4e01000a000000000001000e00"
    "0700000000000000"
    "040001080f16",
    "52564c4e01000b000000000000001200"
    "02"
    "02"
    "0e007261746520697320636170706564",
    "52564c4e01000c000300000001000600"
    "0400706c616e",
    "52564c4e01000d000300000000000c00"
    "01"
    "09006f6e6c7920726f6f74",
    "52564c4e010014000000000000000f00"
    "01"
    "0700726176656c696e"
    "01"
    "1e000000",
    "52564c4e010015000000000000001600"
    "0c003139322e302e322e313a3830"
    "0004c00002015000",
    "52564c4e010016000000000001000f00"
    "01"
    "0700726176656c696e"
    "00"
    "0a000000",
    "52564c4e010017000500000000001200"
    "0c003139322e302e322e313a3830"
    "4000"
    "0200",
    "52564c4e010018000500000002000300"
    "00"
    "0000",
    "52564c4e010019000000000000000e00"
    "0c0061646d696e2e736f636b6574",
    "52564c4e01001a000600000000000000"
    "",
    "52564c4e01001b000000000000000100"
    "02",
    "52564c4e01001c000700000000000000"
    "",
    "52564c4e01001d000700000000002600"
    "02"
    "67120000"
    "100e0000"
    "02000000"
    "01"
    "0700736563636f6d70"
    "0d0065786974207374617475732034",
    "52564c4e01001e000700000000000b00"
    "01"
    "080032206572726f7273",
    "52564c4e01001f000000000000001c00"
    "0c00726176656c696e2e79616d6c"
    "0c002f6574632f726176656c696e",
    "52564c4e010020000000000000002000"
    "19002f6574632f726176656c696e2f726176656c696e2e79616d6c"
    "0300313a32",
    "52564c4e010021000000000000000d00"
    "0b0076657273696f6e3a20310a",
    "52564c4e010022000000000000001e00"
    "0d00736974652e642f2a2e79616d6c"
    "0d00736974652e642f612e79616d6c",
    "52564c4e010023000000000000001000"
    "01"
    "0c002f6574632f726176656c696e"
    "00",
    "52564c4e010024000800000000000000"
    "",
    "52564c4e010026000000000000000c00"
    "0a002f7661722f6c6f672f61",
    "52564c4e010027000900000000000c00"
    "0a002f7661722f6c6f672f61",
    "52564c4e010025000700000000000900"
    "04"
    "05000000"
    "02006e6f",
    "52564c4e010028000400000000003d00"
    "01"
    "0f007777772e6578616d706c652e636f6d"
    "0c00000000000000"
    "01"
    "200001080f161d242b323940474e555c636a71787f868d949ba2a9b0b7bec5ccd3da",
    "52564c4e010029000400000000002a00"
    "01"
    "0100"
    "25006572726f7220455f4b45595f5045524d533a207777772e6b65793a206d6f64652030363434",
    "52564c4e01002a000500000000003800"
    "0300000000000000"
    "0100000000000000"
    "0000000000000000"
    "0000000000000000"
    "0000000000000000"
    "0000000000000000"
    "0200000000000000",
    "52564c4e01002b000600000000003900"
    "0100"
    "0300776562"
    "0600"
    "0900000000000000"
    "0100000000000000"
    "0000000000000000"
    "0000000000000000"
    "0200000000000000"
    "0100000000000000",
    "52564c4e01002c000100000000000500"
    "0300746f6b",
    "52564c4e01002d000100000000000800"
    "04000000"
    "03000000",
    "52564c4e01002e000000000000003600"
    "0e002f7661722f6c69622f6365727473"
    "0f007777772e6578616d706c652e636f6d"
    "0300000000000000"
    "0400000000000000"
    "01"
    "5a000000",
    "52564c4e01002f000200000000003200"
    "0e002f7661722f6c69622f6365727473"
    "0f007777772e6578616d706c652e636f6d"
    "0300000000000000"
    "0400000000000000"
    "01",
    "52564c4e010030000200000000002600"
    "01"
    "00"
    "0c00000000000000"
    "0100000000000000"
    "01000d003132372e302e302e313a343433"
    "010002",
    "52564c4e010031000000000000004f00"
    "0f007777772e6578616d706c652e636f6d"
    "00f15365"
    "230074776f20746869726473206f6620697473206c69666574696d6520617265206f766572"
    "02000000"
    "805abb64"
    "0b00726174654c696d69746564",
    "52564c4e010032000000000000002000"
    "02006c65"
    "07006163636f756e74"
    "0000"
    "2c01000000000000"
    "2c01000000000000"
    "01",
    "52564c4e010033000000000000001000"
    "0100000000000000"
    "0200000000000000",
    "52564c4e010034000300000002000000",
    "52564c4e010035000400000000000e00"
    "0100"
    "00040a000005901f"
    "3c000000",
    "52564c4e010036000500000000000400"
    "3c000000",
};

TEST(Codec, HasAnExampleOfEveryMessage) {
  std::set<std::size_t> seen;
  for (const Packet& packet : example_packets())
    seen.insert(packet.message.index());
  EXPECT_EQ(seen.size(), std::variant_size_v<Message>);
}

TEST(Codec, KeepsItsBytes) {
  const auto packets = example_packets();
  ASSERT_EQ(packets.size(), std::size(kGolden));
  for (std::size_t i = 0; i < packets.size(); ++i) {
    const auto bytes = encode(packets[i]);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_EQ(to_hex(*bytes), kGolden[i]) << to_string(packets[i].message);
    const auto decoded = decode(*bytes, packets[i].descriptors);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, packets[i]);
  }
}

TEST(Codec, RefusesEveryCutAndEveryExtraByte) {
  for (const Packet& packet : example_packets()) {
    const auto bytes = *encode(packet);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      auto cut = std::vector(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_FALSE(decode(cut, packet.descriptors)) << size;
      if (size < kHeaderBytes) continue;
      cut[14] = static_cast<std::byte>(size - kHeaderBytes);  // so that the fields are what is cut
      const auto decoded = decode(cut, packet.descriptors);
      ASSERT_FALSE(decoded) << size;
      EXPECT_NE(decoded.error().message.find("is cut off"), std::string::npos)
          << decoded.error().message;
    }
    auto longer = bytes;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(decode(longer, packet.descriptors));
    longer[14] = static_cast<std::byte>(longer.size() - kHeaderBytes);
    const auto decoded = decode(longer, packet.descriptors);
    ASSERT_FALSE(decoded);
    EXPECT_NE(decoded.error().message.find(": 1 bytes behind the last field"), std::string::npos);
  }
}

// Whatever a changed byte makes of a message, what is taken has exactly the bytes it came from.
TEST(Codec, TakesOnlyWhatItWouldWrite) {
  std::mt19937 random(5);
  const auto packets = example_packets();
  std::size_t taken = 0;
  for (int round = 0; round < 100'000; ++round) {
    auto bytes = *encode(packets[random() % packets.size()]);
    for (std::size_t changes = 1 + random() % 3; changes != 0; --changes)
      bytes[random() % bytes.size()] = static_cast<std::byte>(random());
    const std::size_t descriptors = std::to_integer<std::size_t>(bytes[12]);
    const auto decoded = decode(bytes, descriptors);
    if (!decoded) {
      ASSERT_EQ(decoded.error().code, base::Errc::protocol);
      ASSERT_FALSE(decoded.error().message.empty());
      continue;
    }
    ++taken;
    const auto again = encode(*decoded);
    ASSERT_TRUE(again) << again.error().message;
    ASSERT_EQ(to_hex(*again), to_hex(bytes));
  }
  EXPECT_GT(taken, 10'000U);
}

struct Malformed {
  const char* name;
  std::size_t example;  // the packet whose bytes are changed
  std::size_t at;
  std::vector<int> bytes;
  const char* message;
};

TEST(Codec, SaysWhatIsWrong) {
  const Malformed cases[] = {
      {"Magic", 0, 0, {'X'}, "not a Ravelin message"},
      {"Version", 0, 4, {2}, "message of format version 2, this program speaks 1"},
      {"Flags", 0, 5, {0x80}, "message with unknown flags 0x80"},
      {"TypeZero", 0, 6, {0, 0}, "message of unknown type 0"},
      {"TypeUnknown", 0, 6, {14, 0}, "message of unknown type 14"},
      {"TypeHighByte", 0, 6, {1, 1}, "message of unknown type 257"},
      {"Descriptors", 0, 12, {1, 0}, "message says 1 descriptors go with it, 0 came"},
      {"DescriptorsMax", 0, 12, {65, 0}, "message with 65 descriptors, at most 64 are allowed"},
      {"LengthMore", 0, 14, {9, 0}, "message says 9 bytes follow its header, 8 do"},
      {"LengthLess", 0, 14, {7, 0}, "message says 7 bytes follow its header, 8 do"},
      {"Enum", 0, 16, {6}, "hello: role: is not one of the known values"},
      {"TextOverLimit", 0, 17, {65, 0}, "hello: version: 65 is more than 64"},
      {"TextCut", 0, 17, {6, 0}, "hello: version: is cut off"},
      {"TextTooShort", 0, 17, {4, 0}, "hello: 1 bytes behind the last field"},
      {"Family", 1, 16, {5}, "ban_request: target: is neither an IPv4 nor an IPv6 address"},
      {"HostBits", 1, 20, {1}, "ban_request: target: a prefix has no host bits set"},
      {"PrefixLength", 1, 21, {33}, "ban_request: target: a prefix is no longer than the address"},
      {"Duration", 1, 22, {0, 0}, "ban_request: a ban lasts at least a second"},
      {"ListCut", 5, 21, {4, 0}, "backend_set: endpoints: is cut off"},
      {"ListOverLimit", 5, 21, {1, 4}, "backend_set: endpoints: 1025 is more than 1024"},
      {"EndpointKind", 5, 23, {3}, "backend_set: endpoints: is not a known kind of endpoint"},
      {"PathWithNul",
       5,
       54,
       {0},
       "backend_set: endpoints: a socket path has 1 to 107 bytes and no NUL"},
      {"HashLength", 6, 81, {31, 0}, "sign_request: client_random: 218 is more than 32"},
      {"Both", 7, 16, {1}, "sign_result: there is either a signature or the text of an error"},
  };
  const auto packets = example_packets();
  for (const Malformed& row : cases) {
    auto bytes = *encode(packets[row.example]);
    for (std::size_t i = 0; i < row.bytes.size(); ++i)
      bytes[row.at + i] = static_cast<std::byte>(row.bytes[i]);
    const auto decoded = decode(bytes, packets[row.example].descriptors);
    ASSERT_FALSE(decoded) << row.name;
    EXPECT_EQ(decoded.error().message, row.message) << row.name;
    EXPECT_EQ(decoded.error().code, base::Errc::protocol) << row.name;
  }
}

TEST(Codec, RefusesWhatIsShorterThanAHeader) {
  EXPECT_EQ(decode({}).error().message, "message of 0 bytes is shorter than its header (16)");
}

TEST(Codec, RefusesOtherDescriptorsThanDeclared) {
  const auto bytes = *encode({.descriptors = 1, .message = ConfigGeneration{}});
  EXPECT_TRUE(decode(bytes, 1));
  EXPECT_EQ(decode(bytes, 2).error().message, "message says 1 descriptors go with it, 2 came");
}

struct Unwritable {
  Packet packet;
  const char* message;
};

base::Endpoint mapped_endpoint() {
  base::IpAddress mapped{.family = base::Family::ipv6, .bytes = {}};
  mapped.bytes[10] = mapped.bytes[11] = 0xff;
  return base::IpEndpoint{.address = mapped, .port = 1};
}

TEST(Codec, RefusesToWriteWhatItWouldNotRead) {
  const BanRequest ban{.target = *base::parse_prefix("10.0.0.0/8"),
                       .duration = std::chrono::seconds(1),
                       .reason = "x",
                       .request_id = "",
                       .where = ""};
  BanRequest host_bits = ban;
  host_bits.target.address.bytes[3] = 1;
  BanRequest stray_bytes = ban;
  stray_bytes.target.address.bytes[9] = 1;
  BanRequest negative_length = ban;
  negative_length.target.length = -1;
  BanRequest negative = ban;
  negative.duration = std::chrono::seconds(-1);
  BanRequest eternal = ban;
  eternal.duration = std::chrono::seconds(1LL << 32);
  BanRequest no_reason = ban;
  no_reason.reason = "";
  const std::vector<base::Endpoint> many(1025, *base::parse_endpoint("1.2.3.4:5"));
  const base::Endpoint long_name = base::NameEndpoint{.name = std::string(254, 'n'), .port = 1};
  const base::Endpoint no_path = base::UnixEndpoint{};
  const base::Endpoint nul_path = base::UnixEndpoint{.path = std::string("/a\0b", 4)};
  const std::vector<base::Endpoint> big(
      1024, base::NameEndpoint{.name = std::string(100, 'n'), .port = 1});
  const Unwritable cases[] = {
      {{.message = Hello{.role = Role::count_, .version = ""}},
       "hello: role: is not one of the known values"},
      {{.message = Hello{.role = Role::keys, .version = std::string(65, 'v')}},
       "hello: version: 65 is more than 64"},
      {{.descriptors = 65, .message = Hello{}}, "hello: 65 descriptors, at most 64 are allowed"},
      {{.message = host_bits}, "ban_request: target: a prefix has no host bits set"},
      {{.message = stray_bytes}, "ban_request: target: an IPv4 address has 4 bytes"},
      {{.message = negative_length}, "ban_request: target: a prefix is no longer than the address"},
      {{.message = negative}, "ban_request: duration: is not between 0 and 4294967295 seconds"},
      {{.message = eternal}, "ban_request: duration: is not between 0 and 4294967295 seconds"},
      {{.message = no_reason}, "ban_request: a ban has a reason"},
      {{.message = BackendSet{.pool = "p", .endpoints = many}},
       "backend_set: endpoints: 1025 is more than 1024"},
      {{.message = BackendSet{.pool = "p", .endpoints = {long_name}}},
       "backend_set: endpoints: a host name has 1 to 253 bytes"},
      {{.message = BackendSet{.pool = "p", .endpoints = {no_path}}},
       "backend_set: endpoints: a socket path has 1 to 107 bytes and no NUL"},
      {{.message = BackendSet{.pool = "p", .endpoints = {nul_path}}},
       "backend_set: endpoints: a socket path has 1 to 107 bytes and no NUL"},
      {{.message = BackendSet{.pool = "p", .endpoints = {mapped_endpoint()}}},
       "backend_set: endpoints: an IPv4-mapped address travels as IPv4"},
      {{.message = BackendSet{.pool = "p", .endpoints = big}},
       "backend_set: 107541 bytes, at most 65535 are allowed"},
      {{.message = SignRequest{}}, "sign_request: a key has a name"},
      {{.message = SignRequest{.key = {.name = "k"}}},
       "sign_request: a key is known by 32 bytes of its certificate's"},
      {{.message = KeyQuestion{.key = {.name = "k", .generation = 1, .spki = some_bytes(32)}}},
       "key_question: a key of the store, and no other, has a generation and a slot"},
      {{.message = SignRequest{.key = some_key(), .transcript_hash = some_bytes(31)}},
       "sign_request: in TLS 1.3, and only there, a transcript hash of 32 or 48 bytes is signed"},
      {{.message = SignRequest{.key = some_key(),
                               .tls_version = TlsVersion::tls1_2,
                               .transcript_hash = some_bytes(32)}},
       "sign_request: in TLS 1.3, and only there, a transcript hash of 32 or 48 bytes is signed"},
      {{.message = SignRequest{.key = some_key(), .tls_version = TlsVersion::tls1_2}},
       "sign_request: a server of TLS 1.2, and only that, has two randoms, a group and a point "
       "signed"},
      {{.message =
            SignRequest{
                .key = some_key(), .transcript_hash = some_bytes(32), .transcript = some_bytes(9)}},
       "sign_request: a client of TLS 1.2, and only that, has a transcript signed"},
      {{.message = KeyAnswer{.outcome = Outcome::refused, .findings = {}}},
       "key_answer: a refusal has a finding"},
      {{.message = KeyAnswer{.outcome = Outcome::done, .findings = {std::string(1025, 'f')}}},
       "key_answer: a finding has 1 to 1024 bytes"},
      {{.message = SignResult{}},
       "sign_result: there is either a signature or the text of an error"},
      {{.message = SignResult{.outcome = Outcome::failed, .signature = {}, .text = ""}},
       "sign_result: there is either a signature or the text of an error"},
  };
  for (const Unwritable& row : cases) {
    const auto bytes = encode(row.packet);
    ASSERT_FALSE(bytes) << row.message;
    EXPECT_EQ(bytes.error().message, row.message);
    EXPECT_EQ(bytes.error().code, base::Errc::invalid);
  }
}

// Messages whose fields are all at their limits, and all empty where they may be.
TEST(Codec, CarriesTheLargestAndTheSmallest) {
  const Message messages[] = {
      Hello{.role = Role::command, .version = std::string(64, '\xff')},
      Hello{},
      BanRequest{.target = *base::parse_prefix("::/0"),
                 .duration = std::chrono::seconds(0xffffffffU),
                 .reason = std::string(64, 'r'),
                 .request_id = std::string(64, '\0')},
      BanRequest{.target = *base::parse_prefix("2001:db8::1"),
                 .duration = std::chrono::seconds(1),
                 .reason = "r",
                 .request_id = ""},
      BanResult{.outcome = Outcome::failed, .text = std::string(1024, 't')},
      BackendSet{.pool = "", .endpoints = {}},
      BackendSet{.pool = std::string(255, 'p'),
                 .endpoints = std::vector<base::Endpoint>(
                     1024, base::NameEndpoint{.name = std::string(58, 'n'), .port = 65'535})},
      SignRequest{.key = {.name = std::string(255, 'k'), .spki = some_bytes(32)},
                  .tls_version = TlsVersion::tls1_2,
                  .side = TlsSide::client,
                  .scheme = 0xffff,
                  .transcript = some_bytes(60'000)},
      SignRequest{.key = some_key(),
                  .tls_version = TlsVersion::tls1_2,
                  .client_random = some_bytes(32),
                  .server_random = some_bytes(32),
                  .group = 25,
                  .point = some_bytes(133)},
      KeyAnswer{.outcome = Outcome::failed,
                .findings = std::vector<std::string>(60, std::string(1024, 'f'))},
      SignResult{.outcome = Outcome::done, .signature = some_bytes(512), .text = ""},
      ConfigGeneration{.number = ~0ULL, .hash = some_bytes(64)},
      Health{.role = Role::command, .condition = Condition::failed, .text = ""},
  };
  for (const Message& message : messages) {
    const Packet packet{.id = 0xffffffff, .descriptors = kDescriptorsMax, .message = message};
    const auto bytes = encode(packet);
    ASSERT_TRUE(bytes) << bytes.error().message;
    EXPECT_LE(bytes->size(), kMessageBytesMax);
    const auto decoded = decode(*bytes, kDescriptorsMax);
    ASSERT_TRUE(decoded) << decoded.error().message;
    EXPECT_EQ(*decoded, packet);
  }
}

}  // namespace
}  // namespace ravelin::messages
