// What certificates are called, and the folders they live in. Pure; any thread.
#pragma once

#include "base/result.h"

#include <string>
#include <string_view>

namespace ravelin::certs {

using base::Result;

// A lower-case DNS name of letters, digits, "-" and "_" (RFC 1123, labels of at most 63, 253 in
// all; non-ASCII in its xn-- form), "*." in front of one with at least two labels, or an IP address
// as base::to_string writes it. Errors say what to write instead.
Result<> check_name(std::string_view name);

// The name of the folder of a certificate: itself, with "+" for "*", which no name contains and no
// shell expands.
std::string folder_of(std::string_view name);
// Error: no folder has that name.
Result<std::string> name_of(std::string_view folder);

}  // namespace ravelin::certs
