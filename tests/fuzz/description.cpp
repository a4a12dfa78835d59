// Any bytes as the description of a transformer: those that are taken make one, where it is small.
#include "train/description.h"
#include "tests/fuzz/input.h"

namespace tritium::fuzz {
namespace {

bool small(int64_t n) { return n >= 0 && n <= 64; }

}  // namespace

void try_input(std::string_view bytes) {
  const Result<training::Description> d = training::parse_description(bytes);
  if (!d.ok()) return;
  if (small(d->dim) && small(d->layers) && small(d->heads) && small(d->ffn) && small(d->experts) && small(d->head_dim))
    (void)training::make_transformer(bytes, 8, 1);
  else
    (void)training::metadata_of(*d, 8);
}

}  // namespace tritium::fuzz
