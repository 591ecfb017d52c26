// The two clocks the firewall decides by; an interface so that tests can move them. The wall clock
// judges `until` and bans; the clock of the boot counts down what is unconfirmed, whatever sets the
// wall clock.
#pragma once

#include "firewall/state/pending.h"

namespace ravelin::firewall {

class Times {
 public:
  virtual ~Times() = default;
  [[nodiscard]] virtual std::chrono::sys_seconds wall() const = 0;
  [[nodiscard]] virtual BootTime boot() const = 0;
};

class SystemTimes final : public Times {
 public:
  // Error: the kernel does not say which boot this is.
  static Result<SystemTimes> open();

  [[nodiscard]] std::chrono::sys_seconds wall() const override;
  [[nodiscard]] BootTime boot() const override;

 private:
  explicit SystemTimes(std::string boot_id) : boot_id_(std::move(boot_id)) {}

  std::string boot_id_;
};

}  // namespace ravelin::firewall
