// What is wrong with a command line, for a person: the word that is not known and the nearest that
// is.
#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace ravelin::cli {

// "ravelin firewall: there is no command \"aply\"; did you mean \"apply\"?", with where help is, a
// line each. `app`: as far as it was read.
std::string usage_error_text(const CLI::App& app, const CLI::ParseError& error);

}  // namespace ravelin::cli
