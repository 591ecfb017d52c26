// DnsWatch: asks for one name at once and from then on: again when the answer's TTL is over, after
// a failure with a pause that grows. The last good answer stays until there is another. Changes of
// state are logged, once each. The control thread.
#pragma once

#include "base/clock.h"
#include "gateway/dns/dns_client.h"
#include "gateway/net/alarm.h"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ravelin::gateway {

struct DnsWatchStatus {
  std::optional<base::WallTime> answered;       // the last good answer; nothing = none yet
  std::chrono::milliseconds ttl{0};             // its, as used
  std::optional<base::WallTime> failing_since;  // nothing = the last answer was good
  unsigned failures = 0;                        // in a row
  std::string reason;                           // of the last failure
  std::string remarks;                          // what of the last good answer is not used, and why
};

// What is the same for all kinds of records.
class DnsWatchBase {
 public:
  DnsWatchBase(const DnsWatchBase&) = delete;
  DnsWatchBase& operator=(const DnsWatchBase&) = delete;

  [[nodiscard]] const std::string& name() const { return name_; }

  [[nodiscard]] const DnsWatchStatus& status() const { return status_; }

 protected:
  DnsWatchBase(Reactor& reactor, DnsClient& client, std::string name, std::function<void()> due)
      : reactor_(reactor),
        client_(client),
        name_(std::move(name)),
        alarm_(reactor, std::move(due)) {}

  ~DnsWatchBase() = default;

  // `text`: the records, for the log. `is_whole` false: ask again soon, as after a failure.
  struct Good {
    std::chrono::milliseconds ttl;
    std::string remarks;
    std::string text;
    bool has_changed = false;
    bool is_whole = true;
  };

  void succeeded(const Good& good);
  void failed(const base::Error& error);

  Reactor& reactor_;
  DnsClient& client_;
  std::string name_;
  DnsWatchStatus status_;
  Alarm alarm_;
  DnsQuestion question_;
};

// The addresses of a name: A and AAAA. Where the question for one of the two fails, its last
// addresses stay beside the new ones of the other.
class AddressWatch : public DnsWatchBase {
 public:
  // `changed` is called when there are addresses for the first time and whenever they are others
  // than before, in whatever order; it may destroy this. Never out of the constructor.
  AddressWatch(Reactor& reactor, DnsClient& client, std::string name,
               std::function<void()> changed);

  // In the order to try them; empty = none yet.
  [[nodiscard]] const std::vector<base::IpAddress>& addresses() const { return addresses_; }

 private:
  void ask();
  void answered(const base::Result<DnsAddresses>& answer);

  std::function<void()> changed_;
  std::vector<base::IpAddress> addresses_;
};

// The servers of a service: SRV. As above.
class ServiceWatch : public DnsWatchBase {
 public:
  ServiceWatch(Reactor& reactor, DnsClient& client, std::string name,
               std::function<void()> changed);

  [[nodiscard]] const std::vector<ServiceRecord>& services() const { return services_; }

 private:
  void ask();
  void answered(const base::Result<DnsServices>& answer);

  std::function<void()> changed_;
  std::vector<ServiceRecord> services_;  // sorted
};

}  // namespace ravelin::gateway
