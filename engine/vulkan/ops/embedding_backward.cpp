#include "ops/params_of.h"
#include "vulkan/ops/grid.h"
#include "vulkan/ops/ops.h"
#include "vulkan/ops/whole_tensors.h"

namespace tritium::vulkan {

Status embedding_backward(Recorder& recorder, const EmbeddingBackwardArgs& args) {
  if (Status status = fit_whole(args, recorder.limits()); !status.ok()) return status;
  const EmbeddingBackwardParams params = params_of(args);
  return recorder.dispatch({.kernel = args.kName,
                            .bindings = {{&args.tokens}, {&args.dy}, {&args.dtable, Access::read_write}},
                            .push_constants = bytes_of(params),
                            .groups = folded_groups(params.n_tokens, recorder.limits())});
}

}  // namespace tritium::vulkan
