#include "base/format_text.h"
#include "vulkan/ops/ops.h"

namespace tritium::vulkan {
Status expert_load(Recorder&, const ExpertLoadArgs& a) { return error(StatusCode::unsupported, a.kName, " has no Vulkan kernel yet"); }
Status cross_entropy(Recorder&, const CrossEntropyArgs& a) { return error(StatusCode::unsupported, a.kName, " has no Vulkan kernel yet"); }
Status sum_squares(Recorder&, const SumSquaresArgs& a) { return error(StatusCode::unsupported, a.kName, " has no Vulkan kernel yet"); }
Status dequantize_activations(Recorder&, const DequantizeActivationsArgs& a) { return error(StatusCode::unsupported, a.kName, " has no Vulkan kernel yet"); }
Status absmean(Recorder&, const AbsmeanArgs& a) { return error(StatusCode::unsupported, a.kName, " has no Vulkan kernel yet"); }
Status ternarize(Recorder&, const TernarizeArgs& a) { return error(StatusCode::unsupported, a.kName, " has no Vulkan kernel yet"); }
Status fake_quantize(Recorder&, const FakeQuantizeArgs& a) { return error(StatusCode::unsupported, a.kName, " has no Vulkan kernel yet"); }
Status adamw_update(Recorder&, const AdamwUpdateArgs& a) { return error(StatusCode::unsupported, a.kName, " has no Vulkan kernel yet"); }
Status sgd_update(Recorder&, const SgdUpdateArgs& a) { return error(StatusCode::unsupported, a.kName, " has no Vulkan kernel yet"); }
}
