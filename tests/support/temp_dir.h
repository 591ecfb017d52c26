// A folder for the files of one test.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ravelin::test {

// A fresh folder, removed with everything in it when it goes.
class TempDir {
 public:
  TempDir();
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  ~TempDir();

  [[nodiscard]] std::string path(std::string_view name) const { return (dir_ / name).string(); }

  [[nodiscard]] std::string path() const { return dir_.string(); }

  // Writes in place (truncates); new files get `mode`.
  void write(std::string_view name, std::string_view text, unsigned mode = 0600) const;
  // Writes beside it and renames over it.
  void replace(std::string_view name, std::string_view text, unsigned mode = 0600) const;

 private:
  std::filesystem::path dir_;
};

}  // namespace ravelin::test
