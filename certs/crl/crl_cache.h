// The newest revocation lists of CAs as files of a folder, so that a restart needs no server. What
// is read back is looked at like what a server sends: nothing is believed because it lies there.
// Blocks on the disk.
//   FOLDER/SLOT.crl    one list in DER (HeldCrl::slot)
#pragma once

#include "certs/crl/held_crl.h"

namespace ravelin::certs {

inline constexpr std::size_t kCachedCrlsMax = 256;

// The good lists of these CAs; damaged files and those of others are left out. None when there is
// no folder.
std::vector<HeldCrlPtr> read_crl_cache(const std::string& folder,
                                       std::span<const CrlAuthority> authorities);

// Makes the folder, not what it lies in.
Result<> write_crl_cache(const std::string& folder, const HeldCrl& list);

}  // namespace ravelin::certs
