// One OCSP response file, looked at now and then: what it holds is checked before it is stapled,
// and no longer stapled once it is over. Control thread; reads files.
#pragma once

#include "certs/file.h"
#include "certs/staple.h"

#include <string>

namespace ravelin::gateway {

class StapleFile {
 public:
  explicit StapleFile(std::string path) : path_(std::move(path)) {}

  enum class News : unsigned char {
    none,
    replaced,  // staple() is another one
    refused,   // what is there is not used, told once: refused_because(); the one before stays
    ended,     // the one that was used is over, or belongs to a certificate that went
  };

  // Loads the file if it, or `pair`, has changed since the last look. A file that is being written
  // is left alone until it looks the same twice, except at the first look.
  News look(const certs::PairPtr& pair, base::WallTime now);

  [[nodiscard]] const certs::StaplePtr& staple() const { return staple_; }  // null = none

  [[nodiscard]] const std::string& refused_because() const { return refused_because_; }

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  News load(const certs::PairPtr& pair, base::WallTime now);

  std::string path_;
  certs::PairPtr pair_;  // the staple's
  certs::StaplePtr staple_;
  certs::FileStamp seen_{};
  certs::FileStamp loaded_{};
  std::string refused_because_;
};

}  // namespace ravelin::gateway
