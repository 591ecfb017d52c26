// A host made for a trial: a network namespace with an interface for each that a policy names, and
// beyond them another namespace that stands for the world. Needs CAP_SYS_ADMIN, CAP_NET_ADMIN and
// CAP_NET_RAW. It lives on the thread that made it, which is in the host's namespace while it does;
// both are gone afterwards.
#pragma once

#include "base/result.h"
#include "firewall/trial/frame.h"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace ravelin::firewall::trial {

using base::Result;

// Where addresses are: on the host, or beyond an interface.
struct Places {
  std::set<std::string> interfaces;
  std::set<base::IpAddress> own;
  std::map<base::IpAddress, std::string> beyond;
};

// Adds what a packet needs. False: it contradicts what is there (an address cannot be in two
// places, and some no network carries), and nothing is added.
bool add_places(const policies::Packet& packet, Places& places);

class Descriptor {
 public:
  explicit Descriptor(int number = -1) : number_(number) {}

  Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor();

  [[nodiscard]] int number() const { return number_; }

 private:
  int number_;
};

class ScratchHost {
 public:
  // Errc::denied: without the privilege.
  static Result<ScratchHost> open(const Places& places);
  ScratchHost(ScratchHost&&) = default;
  ScratchHost& operator=(ScratchHost&&) = delete;
  ScratchHost(const ScratchHost&) = delete;
  ScratchHost& operator=(const ScratchHost&) = delete;
  ~ScratchHost();

  // Puts a packet on the wire towards its interface, or sends it from here as its user.
  Result<> send(const policies::Packet& packet, const Tag& tag);

  // What has become visible of a packet: arrived here, left by an interface, or refused.
  struct Sight {
    bool is_here = false;
    bool is_refused = false;
    std::optional<std::string> left_by;
    std::optional<Seen> seen;
  };

  std::optional<Sight> look(const Tag& tag);

 private:
  struct Arrival {
    base::Family family;
    std::uint8_t protocol;
    Descriptor socket;
  };

  ScratchHost() = default;

  Result<> enter();
  Result<> build(const Places& places);
  Result<> open_sockets();
  void look_here(const Tag& tag, std::optional<Sight>& sight);

  Descriptor origin_, world_, host_;         // namespaces
  std::map<std::string, Descriptor> wires_;  // the far end of each interface
  std::vector<Arrival> arrivals_;            // raw sockets see all that is let in
};

}  // namespace ravelin::firewall::trial
