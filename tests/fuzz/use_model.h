// What a program does with a model's file: describe it, load it, run it, fine-tune it.
#pragma once

#include <string>

namespace tritium::fuzz {

// Whether it has come to logits. Loading describes it, too; `described_first`: a program asks for that alone before.
bool use_model(const std::string& path, bool described_first);
// A step of fine-tuning; whether it was taken.
bool train_model(const std::string& path);

}  // namespace tritium::fuzz
