#include "tests/certs/store/store_lab.h"

#include "base/check.h"
#include "base/io/file.h"

namespace ravelin::certs::test {
namespace {

StoreDir make_store(const std::string& path) {
  auto store = StoreDir::make(path);
  CHECK(store.has_value());
  return std::move(*store);
}

}  // namespace

StoreLab::StoreLab() : store(make_store(root())) {}

std::unique_ptr<Lease> StoreLab::lease(const std::string& name) {
  auto lease = store.lease(name, "test");
  CHECK(lease.has_value());
  return std::move(*lease);
}

std::uint64_t StoreLab::serve(const std::string& name, Generation generation) {
  const auto held = lease(name);
  const auto number = store.keep(*held, name, std::move(generation));
  CHECK(number.has_value());
  CHECK(store.publish(*held, name, *number).has_value());
  return *number;
}

std::uint64_t StoreLab::serve(const std::vector<Recipe>& recipes) {
  return serve(recipes.front().names.front(), make_generation(recipes));
}

std::uint64_t StoreLab::serve(const std::string& name) {
  return serve({Recipe{.names = {name}}});
}

CertificateState StoreLab::state(const std::string& name) const {
  auto state = store.state(name);
  CHECK(state.has_value());
  return std::move(*state);
}

std::string read_text(const std::string& path) {
  const auto text = base::read_file(path, std::size_t{1} << 20U);
  return text ? *text : "";
}

}  // namespace ravelin::certs::test
