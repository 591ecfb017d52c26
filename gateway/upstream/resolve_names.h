// NameWatch: keeps the names of servers resolved: at once when they come, then again and again. The
// last good addresses stay while a name cannot be resolved. The control thread.
#pragma once

#include "gateway/upstream/health_alarm.h"
#include "gateway/upstream/resolve.h"

#include <functional>
#include <map>
#include <memory>
#include <set>

namespace ravelin::gateway {

struct ResolveTiming {
  std::chrono::milliseconds every{30'000};
  std::chrono::milliseconds after_failure{5'000};
};

class NameWatch {
 public:
  // Called when a name has addresses for the first time, and whenever they change.
  using Found = std::function<void(const base::NameEndpoint&, const AddressList&)>;

  NameWatch(Reactor& reactor, Found found, const ResolveTiming& timing = {},
            Resolver::LookUp look_up = look_up_name);
  NameWatch(const NameWatch&) = delete;
  NameWatch& operator=(const NameWatch&) = delete;
  ~NameWatch() = default;

  // From now on these, and no others.
  void use(const std::set<base::NameEndpoint>& names);
  // What is known of a name that is watched; null = nothing yet.
  [[nodiscard]] const AddressList* addresses(const base::NameEndpoint& name) const;

 private:
  struct Name {
    explicit Name(Reactor& reactor, std::function<void()> due) : alarm(reactor, std::move(due)) {}

    Alarm alarm;
    AddressList addresses;
    bool is_failing = false;
  };

  void ask(const base::NameEndpoint& name);
  void answered(const base::NameEndpoint& name, const base::Result<AddressList>& found);
  void take(const base::NameEndpoint& name, Name& entry, const AddressList& found);

  Reactor& reactor_;
  Found found_;
  ResolveTiming timing_;
  std::map<base::NameEndpoint, std::unique_ptr<Name>> names_;
  Resolver resolver_;  // last: its answers use the rest
};

}  // namespace ravelin::gateway
