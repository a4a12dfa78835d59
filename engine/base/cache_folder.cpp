#include "base/cache_folder.h"

#include "base/environment.h"
#include "base/path.h"

namespace tritium {

std::string user_cache_folder() {
#if defined(_WIN32)
  constexpr struct {
    const char *variable, *below;
  } kPlaces[] = {{"XDG_CACHE_HOME", "tritium"}, {"LOCALAPPDATA", "tritium/cache"}};
#else
  constexpr struct {
    const char *variable, *below;
  } kPlaces[] = {{"XDG_CACHE_HOME", "tritium"}, {"HOME", ".cache/tritium"}};
#endif
  for (const auto& [variable, below] : kPlaces)
    if (const auto folder = environment(variable); folder && !folder->empty()) return path_in(*folder, below);
  return {};
}

}  // namespace tritium
