// Which quantiser a parameter has, and with which others it shares its scales.
#include <algorithm>
#include <map>

#include "base/format_text.h"
#include "train/quantizers/quantizer.h"

namespace tritium::training {
namespace {

// Alphas of a matrix under a way of sharing them.
int64_t scales_of(const BitLinear& layer, ScaleSync sync) {
  switch (sync) {
    case ScaleSync::per_expert: return layer.n_matrices;
    case ScaleSync::per_row: return layer.n_matrices * layer.rows;
    case ScaleSync::per_group: return layer.n_matrices * layer.rows * layer.groups_per_row();
    case ScaleSync::automatic:
    case ScaleSync::per_block:
    case ScaleSync::per_tensor: break;
  }
  return 1;
}

// Trits that came with a scale a row or a group keep that.
ScaleSync automatic_sync(const BitLinear& layer) {
  if (!layer.as_loaded || layer.one_scale) return ScaleSync::per_tensor;
  return layer.group_size > 0 ? ScaleSync::per_group : ScaleSync::per_row;
}

class Maker {
 public:
  Maker(Allocator& allocator, const QuantizerOptions& options) : allocator_(allocator), options_(options) {}

  Status add(BitLinear& p) {
    if (quantizer_of(p.mode) != Quantizer::ternary) {
      made_.push_back(make_integers(allocator_, p, options_.integers, options_.scales));
      return allocator_.status();
    }
    if (p.mode != WeightMode::ternary) return Status();
    if (options_.ternary == TernaryQuantizer::sparse34) return add_sparse34(p);
    if (by_threshold(p)) return add_threshold(p);
    const bool shared = options_.scale_sync == ScaleSync::per_block || options_.scale_sync == ScaleSync::per_expert;
    const ScaleSync own = shared                                        ? ScaleSync::per_tensor
                          : options_.scale_sync == ScaleSync::automatic ? automatic_sync(p)
                                                                        : options_.scale_sync;
    return add_absmean({&p}, own);
  }

  Status add_absmean(std::vector<BitLinear*> members, ScaleSync sync) {
    std::erase_if(members, [](const BitLinear* m) { return m->mode != WeightMode::ternary; });
    if (members.empty()) return Status();
    const int64_t n_scales = scales_of(*members.front(), sync);
    for (BitLinear* member : members)
      if (!member->trains())
        if (Status s = member->init_shadow_from_ternary(allocator_, n_scales); !s.ok()) return s;
    made_.push_back(make_absmean(allocator_, std::move(members), n_scales, options_.scales));
    return allocator_.status();
  }

  Quantizers take() { return std::move(made_); }

 private:
  bool by_threshold(const BitLinear& p) const {
    const bool a_scale_a_row = p.group_size == 0;
    const bool own = options_.trained_by_threshold && p.as_loaded && a_scale_a_row &&
                     options_.scale_sync == ScaleSync::automatic && options_.scales.momentum == 0.0f;
    return options_.ternary == TernaryQuantizer::threshold || (options_.ternary == TernaryQuantizer::automatic && own);
  }

  Status add_threshold(BitLinear& p) {
    if (p.group_size > 0)
      return error(StatusCode::unsupported, p.name, ": the threshold quantiser has a scale for each row, these trits ",
                   "have one for each ", p.group_size, " columns; ternary_quantizer absmean keeps them");
    // alpha t as it is: its mean over what is kept is alpha.
    if (!p.trains())
      if (Status s = p.init_shadow_as_dequantized(allocator_); !s.ok()) return s;
    made_.push_back(make_threshold(allocator_, p, options_.scales));
    return allocator_.status();
  }

  Status add_sparse34(BitLinear& p) {
    // What STQ1_0 stores: blocks of 256 columns, a scale for each.
    if (p.cols % 256 != 0 || (p.group_size > 0 && p.group_size != 256))
      return error(StatusCode::unsupported, p.name, ": sparse34 is stored as STQ1_0, in blocks of 256 columns with a ",
                   "scale each; this has ", p.cols, " columns",
                   p.group_size > 0 ? join(" in groups of ", p.group_size) : std::string(),
                   ": give it another mode (weights: ", p.name, "=full)");
    if (!p.trains())
      if (Status s = p.init_shadow_as_dequantized(allocator_); !s.ok()) return s;
    p.sparse34 = true;
    made_.push_back(make_sparse34(allocator_, p, options_.scales));
    return allocator_.status();
  }

  Allocator& allocator_;
  const QuantizerOptions& options_;
  Quantizers made_;
};

}  // namespace

Result<Quantizers> make_quantizers(Allocator& allocator, const std::vector<BitLinear*>& parameters,
                                   const QuantizerOptions& options) {
  Maker make(allocator, options);
  const bool shared = options.scale_sync == ScaleSync::per_block || options.scale_sync == ScaleSync::per_expert;
  // Per expert, those that are no part of one (a shared expert, per-layer embeddings) have an alpha of their own.
  std::map<std::pair<int64_t, int64_t>, std::vector<BitLinear*>> blocks;
  for (BitLinear* p : parameters) {
    if (shared && p->role == TensorRole::feed_forward && p->mode == WeightMode::ternary) {
      const int64_t parts = options.scale_sync == ScaleSync::per_expert ? p->n_matrices : 1;
      blocks[{p->layer, parts}].push_back(p);
    } else if (Status s = make.add(*p); !s.ok()) {
      return s;
    }
  }
  for (auto& [layer_and_parts, block] : blocks)
    if (Status s = make.add_absmean(std::move(block), options.scale_sync); !s.ok()) return s;
  return make.take();
}

}  // namespace tritium::training
