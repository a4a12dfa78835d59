#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {

Status store_kv(Recorder& recorder, const StoreKvArgs& args) {
  const StoreKvParams params = params_of(args);
  return recorder.dispatch(
      {.kernel = args.kName,
       .bindings = {{&args.k}, {&args.v}, {&args.k_cache, Access::write}, {&args.v_cache, Access::write}},
       .push_constants = bytes_of(params),
       .groups = groups_for_values(std::max(args.k.elements(), args.v.elements()), recorder.limits())});
}

}  // namespace tritium::vulkan
