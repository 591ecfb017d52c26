// The operators' protocol: which path and method means what, who may call it, and what is answered.
// Decides over values; asks the backend; knows no sockets. Control thread. docs/admin_api.md is the
// same for people.
#pragma once

#include "gateway/admin/admin_backend.h"

#include <string>
#include <string_view>

namespace ravelin::gateway {

enum class AdminChannel : unsigned char {
  socket,  // the Unix socket: may change things
  tcp,     // admin.listen: read-only
};

struct AdminRequest {
  std::string method;
  std::string target;  // as received, with its query
  std::string body;
  AdminChannel channel = AdminChannel::tcp;
  bool is_trusted = false;  // socket only: the peer may administer (peer_credentials.h)
};

struct AdminResponse {
  int status = 200;
  std::string_view content_type = "application/json";
  std::string body;
  std::string_view allow;                    // of a 405
  std::string_view content_security_policy;  // of a page
};

AdminResponse answer_admin(const AdminRequest& request, AdminBackend& backend);

// {"error":{"code":"not_found","message":"…"}} with this status.
AdminResponse admin_failure(int status, std::string_view code, std::string_view message);
// The one whose status and code say what kind of error it is.
AdminResponse failure_of(const base::Error& error);
// 405; `allowed` is the method the path takes.
AdminResponse method_failure(std::string_view path, std::string_view allowed);

}  // namespace ravelin::gateway
