#include "gateway/runtime/staples.h"

#include "base/io/log.h"

namespace ravelin::gateway {
namespace {

using News = StapleFile::News;

void report(News news, const StapleFile& file, const std::string& listener) {
  if (news == News::replaced) {
    base::log_info("tls", "OCSP response is stapled",
                   {{"listener", listener},
                    {"file", file.path()},
                    {"next_update", certs::format_time(file.staple()->next_update)}});
  } else if (news == News::refused) {
    const bool has_other = file.staple() != nullptr;
    base::log_warn(
        "tls",
        has_other ? "OCSP response refused; the one before is stapled until it expires"
                  : "OCSP response refused; none is stapled",
        {{"listener", listener}, {"file", file.path()}, {"reason", file.refused_because()}});
  } else {
    base::log_warn("tls", "OCSP response has expired; none is stapled",
                   {{"listener", listener}, {"file", file.path()}});
  }
}

}  // namespace

bool look_at_staples(ListenerMaterials& materials, const std::string& listener,
                     base::WallTime now) {
  bool has_changed = false;
  for (std::size_t i = 0; i < materials.staples.size(); ++i) {
    auto& file = materials.staples[i];
    if (!file) continue;
    const certs::StaplePtr before = file->staple();
    const News news = file->look(materials.pairs[i].served, now);
    if (news != News::none) report(news, *file, listener);
    has_changed = has_changed || before != file->staple();
  }
  return has_changed;
}

std::shared_ptr<const StapleList> staples_of(const ListenerMaterials& materials) {
  auto list = std::make_shared<StapleList>();
  for (std::size_t i = 0; i < materials.staples.size(); ++i) {
    const auto& file = materials.staples[i];
    if (file && file->staple() != nullptr)
      list->entries.push_back({materials.pairs[i].served, file->staple()});
  }
  if (list->entries.empty()) return nullptr;
  return list;
}

}  // namespace ravelin::gateway
