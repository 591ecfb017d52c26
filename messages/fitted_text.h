// Texts for people, as long as a field of a message may be. Pure; any thread.
#pragma once

#include "messages/fields.h"

#include <string>

namespace ravelin::messages {

// Itself when it fits; else its beginning, cut between words where there are some, never inside of
// a character, and " …".
std::string fitted(std::string text, AtMost most);

}  // namespace ravelin::messages
