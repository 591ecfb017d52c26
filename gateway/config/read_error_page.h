// Error pages from the disk. Blocks: the control thread, or a command.
#pragma once

#include "gateway/config/error_page.h"

namespace ravelin::gateway {

base::Result<ErrorPage> read_error_page(const std::string& path);

}  // namespace ravelin::gateway
