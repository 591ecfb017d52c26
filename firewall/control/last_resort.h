// When not even the directory can be used that says what is to be in the kernel: whatever table is
// there stays, and where none is nobody but management gets in. Blocks on the kernel; one thread.
#pragma once

#include "firewall/kernel/kernel.h"

namespace ravelin::firewall {

// The fallback of which nothing is known (ssh from anywhere, nothing is forwarded), where there is
// no table. Whether it is in the kernel now.
Result<bool> put_last_resort(Kernel& kernel);

}  // namespace ravelin::firewall
