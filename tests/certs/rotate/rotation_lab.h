// A store, two issuers and a still clock, for rotations.
#pragma once

#include "certs/rotate/rotation.h"
#include "tests/certs/rotate/fake_issuer.h"
#include "tests/certs/store/store_lab.h"

#include <string>
#include <vector>

namespace ravelin::certs::test {

inline const std::string kRotated = "www.example.test";

class RotationLab : public StoreLab {
 public:
  [[nodiscard]] RotationParts parts() {
    return {store,
            [this](const std::string& name) -> Issuer* {
              if (name == "le") return &le;
              return name == "dev" ? &dev : nullptr;
            },
            [] { return kNow; },
            [this](const std::string& step) {
              steps.push_back(step);
              if (at_step) at_step(step);
            }};
  }

  RotationOutcome rotate(const std::string& reason = "rotate") {
    return rotate_certificate(parts(), {kRotated, want, reason, "root"}, stop);
  }

  // What the failure says; "" = there is none.
  std::string why(const std::string& reason = "rotate") {
    const auto outcome = rotate(reason);
    return outcome ? "" : outcome.error().error.message;
  }

  // Of the served pair.
  [[nodiscard]] std::string served_key(PairSlot slot = PairSlot::ec) const {
    const auto info = store.info(kRotated, state(kRotated).current);
    return info && info->facts(slot) ? info->facts(slot)->spki_sha256 : "";
  }

  [[nodiscard]] std::vector<std::string> events() const {
    std::vector<std::string> events;
    for (const HistoryEntry& entry : store.history(kRotated))
      events.push_back(entry.event);
    return events;
  }

 private:
  ravelin::test::TempDir logs_;

 public:
  FakeIssuer le{"le", logs_.path("le")};
  FakeIssuer dev{"dev", logs_.path("dev")};
  Want want{.names = {kRotated, "b.example.test"}, .issuers = {"le"}};
  std::stop_token stop;
  std::vector<std::string> steps;
  std::function<void(const std::string& step)> at_step;
};

}  // namespace ravelin::certs::test
