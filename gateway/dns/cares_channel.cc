#include "gateway/dns/cares_channel.h"

#include "base/handle.h"
#include "base/text.h"
#include "gateway/net/address.h"
#include "gateway/net/alarm.h"

#include <ares.h>
#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <netinet/in.h>
#include <sys/time.h>

#include <algorithm>
#include <cstring>
#include <list>
#include <map>

namespace ravelin::gateway {

using base::Errc;
using base::Error;
using base::fail;
using base::IpAddress;
using base::Result;

namespace {

constexpr int kUdpBytesMax = 1232;  // of an answer over UDP: no fragments (dnsflagday.net/2020)
// Answers that come at once, all of them large, are not to be lost before they are read.
constexpr int kReceiveBytes = 1024 * 1024;
constexpr int kDnsPort = 53;
constexpr int kClassInternet = 1;

Error error_of(int status) {
  const std::string text = base::to_lower(::ares_strerror(status));
  switch (status) {
    case ARES_ENOTFOUND:
      return fail(Errc::not_found, "no such name");
    case ARES_ENODATA:
      return fail(Errc::not_found, "no such record");
    case ARES_ETIMEOUT:
      return fail(Errc::timeout, "no answer in time");
    case ARES_EBADNAME:
      return fail(Errc::invalid, "not a name");
    case ARES_ECONNREFUSED:  // what c-ares also says when the last one has failed or refused
      return fail(Errc::unavailable, "name servers cannot be reached, fail or refuse");
    case ARES_EBADRESP:
      return fail(Errc::protocol, "{}", text);
    default:
      return fail(Errc::unavailable, "{}", text);
  }
}

std::string server_text(const ares_addr_port_node& server) {
  SocketAddress address;
  const auto port = static_cast<std::uint16_t>(server.udp_port == 0 ? kDnsPort : server.udp_port);
  if (server.family == AF_INET) {
    auto& to = reinterpret_cast<sockaddr_in&>(address.storage);
    to.sin_family = AF_INET;
    to.sin_addr = server.addr.addr4;
    address.length = sizeof to;
  } else {
    auto& to = reinterpret_cast<sockaddr_in6&>(address.storage);
    to.sin6_family = AF_INET6;
    std::memcpy(&to.sin6_addr, &server.addr.addr6, sizeof to.sin6_addr);
    address.length = sizeof to;
  }
  return base::to_string(base::IpEndpoint{to_endpoint(address).address, port});
}

ares_addr_port_node server_node(const base::IpEndpoint& server) {
  ares_addr_port_node node{};
  node.family = server.address.family == base::Family::ipv4 ? AF_INET : AF_INET6;
  const std::size_t length = node.family == AF_INET ? 4 : 16;
  std::memcpy(&node.addr, server.address.bytes.data(), length);
  node.udp_port = node.tcp_port = server.port;
  return node;
}

}  // namespace

struct CaresChannel::Impl {
  using Descriptor =
      boost::asio::posix::basic_stream_descriptor<boost::asio::io_context::executor_type>;

  // One of c-ares' sockets. c-ares closes it.
  struct Watched {
    Watched(Impl& owner, int fd) : channel(owner), descriptor(owner.reactor.io()) {
      boost::system::error_code ignored;  // it then fails by its queries' timeouts
      descriptor.assign(fd, ignored);
    }

    Watched(const Watched&) = delete;
    Watched& operator=(const Watched&) = delete;

    ~Watched() { descriptor.release(); }

    Impl& channel;
    Descriptor descriptor;
    bool wants_read = false;
    bool wants_write = false;
    bool waits_read = false;
    bool waits_write = false;
  };

  struct Query {
    Impl& channel;
    Answered answered;
    std::list<Query>::iterator place;
  };

  explicit Impl(Reactor& on) : reactor(on), alarm(on, [this] { process(-1, -1); }) {}

  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  ~Impl() {
    is_closing = true;
    if (channel != nullptr) ::ares_destroy(channel);
  }

  Result<void> open(const DnsConfig& config, const std::string& resolv_conf);
  Result<void> set_servers(const std::vector<base::IpEndpoint>& servers);
  void read_search();
  static void socket_changed(void* self, int fd, int readable, int writable);
  static void query_ended(void* query, int status, int timeouts, unsigned char* message,
                          int length);
  static void wait(const std::shared_ptr<Watched>& watched);
  void process(int readable, int writable);
  void set_alarm();

  Reactor& reactor;
  Alarm alarm;
  ares_channel channel = nullptr;
  bool is_closing = false;
  std::map<int, std::shared_ptr<Watched>> sockets;
  std::list<Query> queries;
  std::vector<std::string> search;
  int ndots = 1;
};

Result<void> CaresChannel::Impl::open(const DnsConfig& config, const std::string& resolv_conf) {
  std::string lookups = "f";  // ares_getaddrinfo is for /etc/hosts alone
  std::string path = resolv_conf;
  ares_options options{};
  options.flags = ARES_FLAG_EDNS | ARES_FLAG_NOALIASES | ARES_FLAG_NOSEARCH;
  options.ednspsz = kUdpBytesMax;
  options.timeout = static_cast<int>(config.timeout.count());
  options.tries = config.tries;
  options.socket_receive_buffer_size = kReceiveBytes;
  options.lookups = lookups.data();
  options.resolvconf_path = path.data();
  options.sock_state_cb = socket_changed;
  options.sock_state_cb_data = this;
  const int status = ::ares_init_options(
      &channel, &options,
      ARES_OPT_FLAGS | ARES_OPT_EDNSPSZ | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
          ARES_OPT_SOCK_RCVBUF | ARES_OPT_LOOKUPS | ARES_OPT_RESOLVCONF | ARES_OPT_SOCK_STATE_CB);
  if (status != ARES_SUCCESS) {
    channel = nullptr;
    return error_of(status);
  }
  read_search();
  return config.servers.empty() ? Result<void>() : set_servers(config.servers);
}

Result<void> CaresChannel::Impl::set_servers(const std::vector<base::IpEndpoint>& servers) {
  std::vector<ares_addr_port_node> nodes;
  nodes.reserve(servers.size());
  for (const base::IpEndpoint& server : servers)
    nodes.push_back(server_node(server));
  for (std::size_t i = 0; i + 1 < nodes.size(); ++i)
    nodes[i].next = &nodes[i + 1];
  const int status = ::ares_set_servers_ports(channel, nodes.data());
  if (status != ARES_SUCCESS) return error_of(status);
  return {};
}

void CaresChannel::Impl::read_search() {
  ares_options options{};
  int mask = 0;
  if (::ares_save_options(channel, &options, &mask) != ARES_SUCCESS) return;
  ndots = options.ndots;
  for (int i = 0; i < options.ndomains; ++i)
    search.emplace_back(options.domains[i]);
  ::ares_destroy_options(&options);
}

void CaresChannel::Impl::socket_changed(void* self, int fd, int readable, int writable) {
  Impl& channel = *static_cast<Impl*>(self);
  if (readable == 0 && writable == 0) {
    channel.sockets.erase(fd);
    return;
  }
  std::shared_ptr<Watched>& watched = channel.sockets[fd];
  if (watched == nullptr) watched = std::make_shared<Watched>(channel, fd);
  watched->wants_read = readable != 0;
  watched->wants_write = writable != 0;
  wait(watched);
}

// The handlers may outlive the socket, and the channel.
void CaresChannel::Impl::wait(const std::shared_ptr<Watched>& watched) {
  const std::weak_ptr<Watched> weak = watched;
  if (watched->wants_read && !std::exchange(watched->waits_read, true)) {
    watched->descriptor.async_wait(Descriptor::wait_read,
                                   [weak](const boost::system::error_code& error) {
                                     const std::shared_ptr<Watched> alive = weak.lock();
                                     if (alive == nullptr) return;
                                     alive->waits_read = false;
                                     if (error) return;
                                     alive->channel.process(alive->descriptor.native_handle(), -1);
                                     if (weak.use_count() > 1)
                                       wait(alive);  // c-ares has not closed it
                                   });
  }
  if (watched->wants_write && !std::exchange(watched->waits_write, true)) {
    watched->descriptor.async_wait(Descriptor::wait_write,
                                   [weak](const boost::system::error_code& error) {
                                     const std::shared_ptr<Watched> alive = weak.lock();
                                     if (alive == nullptr) return;
                                     alive->waits_write = false;
                                     if (error) return;
                                     alive->channel.process(-1, alive->descriptor.native_handle());
                                     if (weak.use_count() > 1) wait(alive);
                                   });
  }
}

void CaresChannel::Impl::process(int readable, int writable) {
  reactor.refresh_now();
  ::ares_process_fd(channel, readable < 0 ? ARES_SOCKET_BAD : readable,
                    writable < 0 ? ARES_SOCKET_BAD : writable);
  set_alarm();
}

void CaresChannel::Impl::set_alarm() {
  timeval left{};
  if (::ares_timeout(channel, nullptr, &left) == nullptr) {
    alarm.stop();
    return;
  }
  alarm.set(reactor.refresh_now() + std::chrono::seconds(left.tv_sec) +
            std::chrono::microseconds(left.tv_usec));
}

void CaresChannel::Impl::query_ended(void* query, int status, int, unsigned char* message,
                                     int length) {
  Query& ended = *static_cast<Query*>(query);
  Impl& channel = ended.channel;
  const Answered answered = std::move(ended.answered);
  channel.queries.erase(ended.place);
  if (channel.is_closing) return;
  if (status != ARES_SUCCESS) {
    answered(error_of(status));
  } else {
    answered(std::span<const std::uint8_t>(message, static_cast<std::size_t>(length)));
  }
}

Result<std::unique_ptr<CaresChannel>> CaresChannel::open(Reactor& reactor, const DnsConfig& config,
                                                         const std::string& resolv_conf) {
  auto impl = std::make_unique<Impl>(reactor);
  if (auto opened = impl->open(config, resolv_conf); !opened) return opened.error();
  return std::unique_ptr<CaresChannel>(new CaresChannel(std::move(impl)));
}

CaresChannel::CaresChannel(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

CaresChannel::~CaresChannel() = default;

void CaresChannel::ask(const std::string& name, RecordType type, Answered answered) {
  const auto place = impl_->queries.insert(impl_->queries.end(), {*impl_, std::move(answered), {}});
  place->place = place;
  ::ares_query(impl_->channel, name.c_str(), kClassInternet, static_cast<int>(type),
               Impl::query_ended, &*place);
  impl_->set_alarm();
}

std::vector<IpAddress> CaresChannel::look_in_hosts(const std::string& name) {
  std::vector<IpAddress> addresses;
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_flags = ARES_AI_NOSORT;
  const auto found = [](void* into, int, int, ares_addrinfo* result) {
    const base::Handle<ares_addrinfo, ares_freeaddrinfo> owner(result);
    auto& all = *static_cast<std::vector<IpAddress>*>(into);
    if (result == nullptr) return;
    for (const ares_addrinfo_node* node = result->nodes; node != nullptr; node = node->ai_next) {
      SocketAddress address;
      address.length = std::min<socklen_t>(node->ai_addrlen, sizeof address.storage);
      std::memcpy(&address.storage, node->ai_addr, address.length);
      const IpAddress one = to_endpoint(address).address;
      if (std::ranges::find(all, one) == all.end()) all.push_back(one);
    }
  };
  // Of a file alone: answered before it returns.
  ::ares_getaddrinfo(impl_->channel, name.c_str(), nullptr, &hints, found, &addresses);
  return addresses;
}

std::size_t CaresChannel::under_way() const {
  return impl_->queries.size();
}

const std::vector<std::string>& CaresChannel::search() const {
  return impl_->search;
}

int CaresChannel::ndots() const {
  return impl_->ndots;
}

std::vector<std::string> CaresChannel::servers() const {
  std::vector<std::string> texts;
  ares_addr_port_node* first = nullptr;
  if (::ares_get_servers_ports(impl_->channel, &first) != ARES_SUCCESS) return texts;
  const base::Handle<ares_addr_port_node, ares_free_data> owner(first);
  for (const ares_addr_port_node* server = first; server != nullptr; server = server->next)
    texts.push_back(server_text(*server));
  return texts;
}

}  // namespace ravelin::gateway
