// The part of the operators' protocol that orders something of a server or a pool: paths under
// /v1/servers/. Decides over values; asks the backend. Control thread.
#pragma once

#include "gateway/admin/admin_api.h"

#include <optional>

namespace ravelin::gateway {

// Nothing: `path` is none of these. The caller has seen to it that the order may be given.
std::optional<AdminResponse> answer_server_order(const AdminRequest& request, std::string_view path,
                                                 AdminBackend& backend);

}  // namespace ravelin::gateway
