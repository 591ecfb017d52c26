// What Landlock is asked to hold, as far as this kernel's version of it goes. Pure; landlock.h
// hands it to the kernel. Numbers: include/uapi/linux/landlock.h of Linux 6.15, since Debian 12's
// knows ABI 2 alone.
#pragma once

#include "system/confine/confinement.h"

#include <cstdint>
#include <string>
#include <vector>

namespace ravelin::system {

namespace landlock {

inline constexpr std::uint64_t kExecute = 1U << 0;
inline constexpr std::uint64_t kWriteFile = 1U << 1;
inline constexpr std::uint64_t kReadFile = 1U << 2;
inline constexpr std::uint64_t kReadDirectory = 1U << 3;
inline constexpr std::uint64_t kRemoveDirectory = 1U << 4;
inline constexpr std::uint64_t kRemoveFile = 1U << 5;
inline constexpr std::uint64_t kMakeCharacterDevice = 1U << 6;
inline constexpr std::uint64_t kMakeDirectory = 1U << 7;
inline constexpr std::uint64_t kMakeFile = 1U << 8;
inline constexpr std::uint64_t kMakeSocket = 1U << 9;
inline constexpr std::uint64_t kMakeFifo = 1U << 10;
inline constexpr std::uint64_t kMakeBlockDevice = 1U << 11;
inline constexpr std::uint64_t kMakeLink = 1U << 12;
inline constexpr std::uint64_t kRefer = 1U << 13;          // ABI 2, Linux 5.19
inline constexpr std::uint64_t kTruncate = 1U << 14;       // ABI 3, Linux 6.2
inline constexpr std::uint64_t kDeviceControl = 1U << 15;  // ABI 5, Linux 6.10

inline constexpr std::uint64_t kBindTcp = 1U << 0;     // ABI 4, Linux 6.7
inline constexpr std::uint64_t kConnectTcp = 1U << 1;  // ABI 4

inline constexpr std::uint64_t kAbstractSockets = 1U << 0;  // ABI 6, Linux 6.12
inline constexpr std::uint64_t kSignals = 1U << 1;          // ABI 6

// Before it a file cannot be moved from one directory to another at all, which is how stores and
// state directories put things into place.
inline constexpr int kAbiOfFiles = 2;
inline constexpr int kAbiOfPorts = 4;
inline constexpr int kAbiOfSignals = 6;

}  // namespace landlock

struct PathRule {
  std::string path;
  std::uint64_t rights = 0;  // on a directory; a file has those of kRightsOfFiles alone
  PathAccess::Presence presence = PathAccess::Presence::required;

  friend bool operator==(const PathRule&, const PathRule&) = default;
};

struct PortRule {
  std::uint64_t right = 0;
  std::uint16_t port = 0;

  friend bool operator==(const PortRule&, const PortRule&) = default;
};

struct LandlockPlan {
  // What is refused where no rule allows it; all zero: nothing is asked of the kernel.
  std::uint64_t files = 0;
  std::uint64_t ports = 0;
  std::uint64_t scopes = 0;
  std::vector<PathRule> paths;
  std::vector<PortRule> ports_allowed;
};

inline constexpr std::uint64_t kRightsOfFiles = landlock::kExecute | landlock::kWriteFile |
                                                landlock::kReadFile | landlock::kTruncate |
                                                landlock::kDeviceControl;

// `abi`: 0 = this kernel has no Landlock.
LandlockPlan plan_landlock(const Confinement& confinement, int abi);

// For files, ports and signals, once the plan is in force.
std::vector<MechanismReport> report_landlock(const Confinement& confinement, int abi);

}  // namespace ravelin::system
