// What an exit status of `ravelin` says to a script; the same for every subcommand.
#pragma once

namespace ravelin::cli {

enum class ExitCode {
  done = 0,       // done, or the answer is yes
  no = 1,         // the answer is no: a gap, drift, a failing test, a threshold passed
  usage = 2,      // the command line makes no sense
  refused = 3,    // the input was refused: configuration, policy, certificate, feed
  could_not = 4,  // kernel, network, lock or disk said no; the state is as before
};

}  // namespace ravelin::cli
