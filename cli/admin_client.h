// The operator's side of the admin socket: finds it, asks one question, and says what went wrong in
// terms of what to do about it.
#pragma once

#include "base/result.h"
#include "cli/exit_code.h"
#include "cli/flags.h"

#include <boost/json.hpp>

#include <string>
#include <string_view>

namespace ravelin::cli {

struct AdminFlags {
  std::string config;
  std::string socket;  // --socket; wins over the configuration's
  OutputForm form = OutputForm::text;
};

// -c, --socket, --json
void add_admin_flags(CLI::App& command, AdminFlags& flags);

struct AdminAnswer {
  std::string text;  // the body, as the gateway sent it
  boost::json::value json;
};

struct AdminFailure {
  std::string message;
  ExitCode code = ExitCode::could_not;
};

// One request over the admin socket. Failure: the gateway cannot be reached (could_not), or it
// refused (as its status says). Blocks for at most `kAdminPatience`.
inline constexpr int kAdminPatienceSeconds = 60;
boost::system::result<AdminAnswer, AdminFailure> ask_gateway(const AdminFlags& flags,
                                                             std::string_view method,
                                                             std::string_view path,
                                                             std::string_view body = {});

// Prints the failure to stderr, each line with "ravelin: " in front.
ExitCode report_failure(const AdminFailure& failure);

// ---- reading an answer: what is not there, or of another type, is empty ----
std::string text_at(const boost::json::value& object, std::string_view key);
std::int64_t number_at(const boost::json::value& object, std::string_view key);
bool flag_at(const boost::json::value& object, std::string_view key);
const boost::json::array& list_at(const boost::json::value& object, std::string_view key);

}  // namespace ravelin::cli
