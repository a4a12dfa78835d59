#include "train/weight_checksum.h"

#include "base/checksum.h"

namespace tritium::training {

Result<std::string> weight_checksum(Backend& backend, const Transformer& model) {
  Checksum sum;
  std::vector<std::byte> bytes;
  for (const BitLinear* p : model.parameters())
    for (const Tensor* plane : {&p->weight().data, &p->weight().scales}) {
      if (!*plane) continue;
      bytes.resize(static_cast<size_t>(plane->bytes()));
      if (Status s = backend.download(*plane, bytes); !s.ok()) return s;
      sum.add(bytes);
    }
  return sum.text();
}

}  // namespace tritium::training
