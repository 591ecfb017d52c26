// What a key of the configuration is called between the gateway and the key process. Pure.
#pragma once

#include "certs/file.h"

#include <string>

namespace ravelin::gateway {

// The same for the same files and use, and no other: 32 hexadecimal digits. Says nothing about
// where they are to whom does not know.
std::string key_id(const certs::PairFiles& files, certs::PairUse use);

}  // namespace ravelin::gateway
