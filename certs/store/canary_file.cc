#include "certs/store/canary_file.h"

#include "base/io/file.h"
#include "certs/store/durable.h"
#include "certs/store/json_members.h"
#include "certs/store/record_folder.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace ravelin::certs {

namespace json = boost::json;
using base::Errc;
using base::fail;

namespace {

constexpr std::uint32_t kPercent = kWholeShare / 100;

bool is_digits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

std::uint32_t number_of(std::string_view digits) {
  std::uint32_t number = 0;
  for (const char digit : digits)
    number = number * 10 + static_cast<std::uint32_t>(digit - '0');
  return number;
}

std::optional<Canary> read(const std::string& path) {
  const auto text = read_record(path);
  if (!text) return std::nullopt;
  auto canary = parse_canary(*text);
  return canary ? std::optional(std::move(*canary)) : std::nullopt;
}

}  // namespace

std::string canary_folder(const StorePaths& paths) {
  return paths.for_gateways() + "/canary";
}

std::string canary_file(const StorePaths& paths, std::string_view name) {
  return record_file(canary_folder(paths), folder_of(name));
}

std::string format_canary(const Canary& canary) {
  const json::object object{{"name", canary.name},
                            {"generation", canary.generation},
                            {"beside", canary.beside},
                            {"share", canary.share},
                            {"since", canary.since.time_since_epoch().count()},
                            {"lasts", canary.lasts.count()},
                            {"by", canary.by}};
  return json::serialize(object) + "\n";
}

Result<Canary> parse_canary(std::string_view text) {
  auto members = JsonMembers::parse(text, "a canary");
  if (!members) return members.error();
  constexpr std::uint64_t kLastsMax = std::uint64_t{366} * 24 * 3600;
  Canary canary{.name = members->text("name"),
                .generation = members->number("generation"),
                .beside = members->number("beside")};
  const std::uint64_t share = members->number("share");
  canary.since = members->time("since");
  const std::uint64_t lasts = members->number("lasts");
  canary.by = members->text("by");
  if (auto whole = members->whole(); !whole) return whole.error();
  if (auto checked = check_name(canary.name); !checked) return checked.error();
  if (canary.generation == 0 || canary.beside == 0 || canary.generation == canary.beside)
    return fail(Errc::invalid, "a canary without two generations");
  if (share == 0 || share >= kWholeShare)
    return fail(Errc::invalid, "a canary's share is between none and all");
  if (lasts > kLastsMax) return fail(Errc::invalid, "a canary lasts a year at most");
  canary.share = static_cast<std::uint32_t>(share);
  canary.lasts = std::chrono::seconds(lasts);
  return canary;
}

Result<std::uint32_t> parse_share(std::string_view text) {
  const auto refused = [text] {
    return fail(Errc::invalid,
                "\"{}\" is no share of the clients: above 0% and below 100%, as 5% or "
                "0.25%",
                text);
  };
  if (!text.ends_with('%')) return refused();
  const std::string_view number = text.substr(0, text.size() - 1);
  const std::size_t dot = number.find('.');
  const std::string_view whole = number.substr(0, dot);
  std::string part(dot == std::string_view::npos ? std::string_view("0") : number.substr(dot + 1));
  if (!is_digits(whole) || whole.size() > 2 || !is_digits(part) || part.size() > 2)
    return refused();
  part.resize(2, '0');
  const std::uint32_t share = number_of(whole) * kPercent + number_of(part);
  if (share == 0) return refused();
  return share;
}

std::string share_text(std::uint32_t share) {
  std::string text = fmt::format("{}.{:02}", share / kPercent, share % kPercent);
  while (text.ends_with('0'))
    text.pop_back();
  if (text.ends_with('.')) text.pop_back();
  return text + "%";
}

std::vector<Canary> read_canaries(const StorePaths& paths) {
  std::vector<Canary> canaries;
  each_record(canary_folder(paths), [&](const std::string& stem, const std::string& text) {
    auto canary = parse_canary(text);
    // Under another name than its own it would not be ended with that certificate.
    if (canary && stem == folder_of(canary->name)) canaries.push_back(std::move(*canary));
    return canaries.size() < kCanariesMax;
  });
  std::ranges::sort(canaries, {}, &Canary::name);
  return canaries;
}

std::optional<Canary> find_canary(const StoreDir& store, const std::string& name) {
  auto canary = read(canary_file(store.paths(), name));
  const auto state = store.state(name);
  const bool counts = canary && state && canary->name == name && canary->beside == state->current &&
                      std::ranges::binary_search(state->generations, canary->generation);
  return counts ? std::move(canary) : std::nullopt;
}

Result<> begin_canary(const StoreDir& store, Lease& lease, const Canary& canary) {
  return lease.while_held([&]() -> Result<> {
    const auto state = store.state(canary.name);
    if (!state) return state.error();
    if (!std::ranges::binary_search(state->generations, canary.generation))
      return fail(Errc::not_found, "certificate \"{}\" has no generation {}", canary.name,
                  canary.generation);
    if (state->current != canary.beside || canary.generation == canary.beside)
      return fail(Errc::conflict, "generation {} of \"{}\" is served, not {}", state->current,
                  canary.name, canary.beside);
    if (auto made = make_folder(canary_folder(store.paths())); !made) return made;
    return base::replace_file(canary_file(store.paths(), canary.name), format_canary(canary), 0600);
  });
}

Result<> end_canary(const StoreDir& store, Lease& lease, const std::string& name) {
  return lease.while_held([&]() -> Result<> {
    const std::string file = canary_file(store.paths(), name);
    if (::unlink(file.c_str()) != 0)
      return errno == ENOENT ? Result<>() : Result<>(base::fail_errno(errno, "removing " + file));
    return sync_folder(canary_folder(store.paths()));
  });
}

}  // namespace ravelin::certs
