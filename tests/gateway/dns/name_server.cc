#include "tests/gateway/dns/name_server.h"

#include "base/check.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <list>
#include <optional>

namespace ravelin::gateway::test {

namespace asio = boost::asio;
using boost::system::error_code;
using Bytes = std::vector<std::uint8_t>;

namespace {

void put16(Bytes& to, unsigned value) {
  to.push_back(static_cast<std::uint8_t>(value >> 8 & 0xff));
  to.push_back(static_cast<std::uint8_t>(value & 0xff));
}

void put32(Bytes& to, std::uint32_t value) {
  put16(to, value >> 16);
  put16(to, value & 0xffff);
}

void put(Bytes& to, const Bytes& bytes) {
  to.insert(to.end(), bytes.begin(), bytes.end());
}

}  // namespace

Bytes wire_name(std::string_view name) {
  Bytes wire;
  while (!name.empty()) {
    const std::size_t dot = std::min(name.find('.'), name.size());
    wire.push_back(static_cast<std::uint8_t>(dot));
    wire.insert(wire.end(), name.begin(), name.begin() + static_cast<std::ptrdiff_t>(dot));
    name.remove_prefix(std::min(dot + 1, name.size()));
  }
  wire.push_back(0);
  return wire;
}

WireRecord address_record(std::string_view address, std::uint32_t ttl_s) {
  const auto parsed = base::parse_ip(address);
  CHECK(parsed.has_value());
  const bool is_v4 = parsed->family == base::Family::ipv4;
  const auto type = is_v4 ? RecordType::a : RecordType::aaaa;
  return {"", static_cast<std::uint16_t>(type), ttl_s,
          Bytes(parsed->bytes.begin(), parsed->bytes.begin() + (is_v4 ? 4 : 16))};
}

WireRecord alias_record(std::string_view target, std::uint32_t ttl_s, std::string_view owner) {
  return {std::string(owner), 5, ttl_s, wire_name(target)};
}

WireRecord service_record(std::string_view target, std::uint16_t port, std::uint16_t priority,
                          std::uint16_t weight, std::uint32_t ttl_s) {
  Bytes data;
  put16(data, priority);
  put16(data, weight);
  put16(data, port);
  put(data, wire_name(target));
  return {"", static_cast<std::uint16_t>(RecordType::srv), ttl_s, data};
}

Bytes wire_message(std::uint16_t id, std::string_view name, RecordType type,
                   const WireReply& reply) {
  Bytes message;
  put16(message, id);
  put16(message, reply.flags | (reply.is_cut ? 0x0200U : 0U) | static_cast<unsigned>(reply.code));
  put16(message, 1);
  put16(message, reply.is_cut ? 0 : static_cast<unsigned>(reply.records.size()));
  put32(message, 0);
  put(message, wire_name(name));
  put16(message, static_cast<unsigned>(type));
  put16(message, 1);
  if (reply.is_cut) return message;
  for (const WireRecord& record : reply.records) {
    if (record.owner.empty()) {
      put16(message, 0xc00c);  // a pointer to the question's name
    } else {
      put(message, wire_name(record.owner));
    }
    put16(message, record.type);
    put16(message, 1);
    put32(message, record.ttl_s);
    put16(message, static_cast<unsigned>(record.data.size()));
    put(message, record.data);
  }
  return message;
}

struct NameServer::Impl {
  using Executor = asio::io_context::executor_type;
  using Udp = asio::basic_datagram_socket<asio::ip::udp, Executor>;
  using Tcp = asio::basic_stream_socket<asio::ip::tcp, Executor>;
  using Acceptor = asio::basic_socket_acceptor<asio::ip::tcp, Executor>;

  struct Session {
    explicit Session(asio::io_context& io) : socket(io) {}

    Tcp socket;
    std::array<std::uint8_t, 2> length{};
    Bytes buffer;
  };

  explicit Impl(Reactor& reactor) : io(reactor.io()), udp(io), acceptor(io) {
    for (int i = 0; i < 50 && !bind(); ++i) {
    }
    CHECK(acceptor.is_open());
    receive();
    accept();
  }

  bool bind() {
    error_code error;
    const auto loopback = asio::ip::address_v4::loopback();
    udp = Udp(io, asio::ip::udp::endpoint(loopback, 0));
    udp.set_option(asio::socket_base::receive_buffer_size(1024 * 1024), error);
    const asio::ip::tcp::endpoint same(loopback, udp.local_endpoint().port());
    acceptor = Acceptor(io);
    acceptor.open(asio::ip::tcp::v4(), error);
    acceptor.bind(same, error);
    if (!error) acceptor.listen(16, error);
    if (error) acceptor.close();
    return !error;
  }

  // Nothing = no answer.
  std::optional<Bytes> answer(const Bytes& question, bool over_tcp) {
    if (question.size() < 12) return std::nullopt;
    std::size_t at = 12;
    std::string name;
    while (at < question.size() && question[at] != 0) {
      const std::size_t length = question[at];
      if (!name.empty()) name += '.';
      for (std::size_t i = 1; i <= length && at + i < question.size(); ++i)
        name += static_cast<char>(question[at + i]);
      at += 1 + length;
    }
    if (at + 5 > question.size()) return std::nullopt;
    const auto type = static_cast<RecordType>(question[at + 1] << 8 | question[at + 2]);
    const auto id = static_cast<std::uint16_t>(question[0] << 8 | question[1]);
    ++asked[name];
    ++asked_in_all;
    if (over_tcp) ++asked_over_tcp;
    const WireReply reply = reply_to(name, type);
    most_at_once = std::max(most_at_once, ++unanswered);
    if (reply.is_silent) return std::nullopt;
    unanswered = 0;
    WireReply whole = reply;
    if (over_tcp) whole.is_cut = false;
    return wire_message(id, name, type, whole);
  }

  [[nodiscard]] WireReply reply_to(const std::string& name, RecordType type) const {
    const auto known = replies.find(name);
    if (known == replies.end()) return {.code = 3};
    const auto reply = known->second.find(type);
    if (reply != known->second.end()) return reply->second;
    return {};
  }

  void receive() {
    packet.resize(4096);
    udp.async_receive_from(asio::buffer(packet), from, [this](error_code error, std::size_t size) {
      if (error == asio::error::operation_aborted) return;
      if (!error) {
        packet.resize(size);
        if (const auto message = answer(packet, false)) {
          error_code ignored;
          udp.send_to(asio::buffer(*message), from, 0, ignored);
        }
      }
      receive();
    });
  }

  void accept() {
    sessions.emplace_back(io);
    Session& session = sessions.back();
    acceptor.async_accept(session.socket, [this, &session](error_code error) {
      if (error) return;
      serve(session);
      accept();
    });
  }

  void serve(Session& session) {
    asio::async_read(session.socket, asio::buffer(session.length),
                     [this, &session](error_code error, std::size_t) {
                       if (error) return;
                       session.buffer.resize(
                           static_cast<std::size_t>(session.length[0] << 8 | session.length[1]));
                       serve_question(session);
                     });
  }

  void serve_question(Session& session) {
    asio::async_read(session.socket, asio::buffer(session.buffer),
                     [this, &session](error_code error, std::size_t) {
                       if (error) return;
                       if (const auto message = answer(session.buffer, true)) {
                         Bytes framed;
                         put16(framed, static_cast<unsigned>(message->size()));
                         put(framed, *message);
                         error_code ignored;
                         asio::write(session.socket, asio::buffer(framed), ignored);
                       }
                       serve(session);
                     });
  }

  asio::io_context& io;
  Udp udp;
  Acceptor acceptor;
  std::list<Session> sessions;
  Bytes packet;
  asio::ip::udp::endpoint from;
  std::map<std::string, std::map<RecordType, WireReply>> replies;
  std::map<std::string, int> asked;
  int asked_in_all = 0;
  int asked_over_tcp = 0;
  int unanswered = 0;
  int most_at_once = 0;
};

NameServer::NameServer(Reactor& reactor) : impl_(std::make_unique<Impl>(reactor)) {}

NameServer::~NameServer() = default;

base::IpEndpoint NameServer::endpoint() const {
  return {base::IpAddress{.bytes = {127, 0, 0, 1}}, impl_->udp.local_endpoint().port()};
}

void NameServer::say(std::string_view name, RecordType type, WireReply reply) {
  impl_->replies[std::string(name)][type] = std::move(reply);
}

void NameServer::say(std::string_view name, std::vector<std::string_view> addresses,
                     std::uint32_t ttl_s) {
  WireReply reply;
  for (const std::string_view address : addresses)
    reply.records.push_back(address_record(address, ttl_s));
  impl_->replies[std::string(name)] = {{RecordType::a, reply}, {RecordType::aaaa, {}}};
}

void NameServer::fail(std::string_view name, int code) {
  const WireReply reply{.code = code};
  impl_->replies[std::string(name)] = {
      {RecordType::a, reply}, {RecordType::aaaa, reply}, {RecordType::srv, reply}};
}

void NameServer::hush(std::string_view name) {
  const WireReply reply{.is_silent = true};
  impl_->replies[std::string(name)] = {
      {RecordType::a, reply}, {RecordType::aaaa, reply}, {RecordType::srv, reply}};
}

int NameServer::asked(std::string_view name) const {
  const auto known = impl_->asked.find(std::string(name));
  return known == impl_->asked.end() ? 0 : known->second;
}

int NameServer::asked_in_all() const {
  return impl_->asked_in_all;
}

int NameServer::asked_over_tcp() const {
  return impl_->asked_over_tcp;
}

int NameServer::most_at_once() const {
  return impl_->most_at_once;
}

}  // namespace ravelin::gateway::test
