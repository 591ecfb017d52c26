// What certificates are called, and the folders they live in. Pure; any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace ravelin::certs {

using base::Result;

// A lower-case host name as certificates carry it: labels of 1 to 63 letters, digits, "-" and "_"
// (RFC 1123; non-ASCII in its xn-- form), 253 characters at most, "*." in front of one with at
// least two labels, and nothing that could be a mistyped address. Errors say what to write instead.
Result<> check_host_name(std::string_view name);

// A host name, or an IP address as base::to_string writes it.
Result<> check_name(std::string_view name);

// The name of the folder of a certificate: itself, with "+" for "*", which no name contains and no
// shell expands.
std::string folder_of(std::string_view name);
// Error: no folder has that name.
Result<std::string> name_of(std::string_view folder);

}  // namespace ravelin::certs
