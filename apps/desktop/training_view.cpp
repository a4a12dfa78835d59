// The fine-tuning's settings, what they need, and its course.
#include <imgui.h>
#include <imgui_stdlib.h>

#include <algorithm>
#include <iterator>

#include "desktop/app.h"

namespace tritium::desktop {
namespace {

constexpr double kMiB = 1024.0 * 1024.0;

// Losses over the reports; both curves by one scale.
void draw_curves(const std::vector<float>& train, const std::vector<float>& valid) {
  if (train.empty()) return;
  const auto [low, high] = std::minmax_element(train.begin(), train.end());
  float least = *low, most = *high;
  for (const float loss : valid) {
    least = std::min(least, loss);
    most = std::max(most, loss);
  }
  const float margin = std::max((most - least) * 0.05F, 1e-3F);
  const ImVec2 size(ImGui::GetContentRegionAvail().x, ImGui::GetTextLineHeight() * 5);
  ImGui::Text("training: %.4f nats a token", static_cast<double>(train.back()));
  ImGui::PlotLines("##train", train.data(), static_cast<int>(train.size()), 0, nullptr, least - margin, most + margin,
                   size);
  if (valid.empty()) return;
  ImGui::Text("held-out: %.4f nats a token", static_cast<double>(valid.back()));
  ImGui::PlotLines("##valid", valid.data(), static_cast<int>(valid.size()), 0, nullptr, least - margin, most + margin,
                   size);
}

void draw_number(const char* label, int& value, int least, int most) {
  ImGui::SetNextItemWidth(ImGui::GetFontSize() * 7);
  ImGui::InputInt(label, &value);
  value = std::clamp(value, least, most);
}

}  // namespace

void App::draw_settings() {
  const float em = ImGui::GetFontSize();
  ImGui::SetNextItemWidth(-em * 5);
  ImGui::InputTextWithHint("text", "a text file to learn from; or drop it here", &settings.text);
  ImGui::SetNextItemWidth(-em * 5);
  ImGui::InputTextWithHint("save as", "tuned.gguf", &settings.output);
  draw_number("steps", settings.steps, 1, 1'000'000'000);
  ImGui::SameLine(em * 12);
  draw_number("batch", settings.batch, 1, 4096);
  draw_number("context", settings.context, 2, static_cast<int>(std::max<int64_t>(info.context_length, 2)));
  ImGui::SameLine(em * 12);
  ImGui::SetNextItemWidth(em * 7);
  ImGui::InputFloat("rate", &settings.rate, 0, 0, "%.6f");
  settings.rate = std::clamp(settings.rate, 0.0F, 1.0F);

  static constexpr const char* kLearns[] = {"all weights", "feed-forward and experts", "attention",
                                            "adapters, in a file of their own"};
  int learns = static_cast<int>(settings.learns);
  ImGui::SetNextItemWidth(em * 14);
  if (ImGui::Combo("learn", &learns, kLearns, static_cast<int>(std::size(kLearns))))
    choose(static_cast<Learns>(learns));
  if (!job().chooses_experts()) return;
  static constexpr const char* kExperts[] = {"all experts", "the most used", "some in turn"};
  int experts_of = static_cast<int>(settings.experts);
  ImGui::SetNextItemWidth(em * 14);
  if (ImGui::Combo("experts", &experts_of, kExperts, static_cast<int>(std::size(kExperts))))
    settings.experts = static_cast<Experts>(experts_of);
  if (settings.experts == Experts::all) return;
  ImGui::SetNextItemWidth(em * 14);
  ImGui::SliderInt("of each layer", &settings.n_experts, 1, static_cast<int>(info.n_experts));
}

void App::draw_plan() const {
  if (planning) ImGui::TextDisabled("planning …");
  if (!plan) return;
  const double need = static_cast<double>(plan->memory_bytes), free = static_cast<double>(plan->available_bytes);
  const bool fits = plan->available_bytes == 0 || plan->memory_bytes <= plan->available_bytes;
  char label[96];
  std::snprintf(label, sizeof label, "%.0f MiB of memory of %.0f free", need / kMiB, free / kMiB);
  ImGui::ProgressBar(free > 0 ? static_cast<float>(std::min(need / free, 1.0)) : 0, ImVec2(-1, 0), label);
  if (ImGui::IsItemHovered()) {
    ImGui::BeginTooltip();
    for (const MemoryPart& part : plan->memory)
      ImGui::Text("%8.1f MiB  %s", static_cast<double>(part.bytes) / kMiB, part.what.c_str());
    ImGui::EndTooltip();
  }
  ImGui::TextWrapped("%lld tokens to learn, %lld held out; %.1f bytes a weight",
                     static_cast<long long>(plan->train_tokens), static_cast<long long>(plan->valid_tokens),
                     plan->bytes_per_weight);
  std::string taken;
  for (const TrainSetting& setting : plan->fitting)
    taken += (taken.empty() ? "" : ", ") + setting.key + " " + setting.value;
  if (!fits) ImGui::TextWrapped("This does not fit: choose fewer weights, a shorter context or a smaller batch.");
  if (!taken.empty())
    ImGui::TextWrapped("It fits with %s: %.0f MiB", taken.c_str(), static_cast<double>(plan->fitting_bytes) / kMiB);
}

void App::draw_training() {
  if (!loaded) ImGui::TextWrapped("Open a model first.");
  ImGui::BeginDisabled(!loaded || training);
  draw_settings();
  if (plan && !plan->fitting.empty()) ImGui::Checkbox("take what makes it fit", &settings.fit);
  ImGui::BeginDisabled(!plan || !is_planned());
  if (ImGui::Button("Train")) start_training();
  ImGui::EndDisabled();
  ImGui::EndDisabled();
  ImGui::SameLine();
  ImGui::BeginDisabled(!training);
  if (ImGui::Button("Stop and save")) trainer.stop();
  ImGui::EndDisabled();
  if (!written.empty() && settings.learns != Learns::adapters) {
    ImGui::SameLine();
    if (ImGui::Button("Open what was learned")) open(written, device);
  }
  draw_plan();
  if (!plan_error.empty()) draw_problem(plan_error, dark);
  if (!train_losses.empty())
    ImGui::TextWrapped("step %lld of %lld, %.0f tokens/s, %.0f s left, %.3f %% of trits flipped",
                       static_cast<long long>(progress.step), static_cast<long long>(progress.steps),
                       progress.tokens_per_second, progress.seconds_left, progress.flipped_percent);
  if (!trained.empty()) ImGui::TextWrapped("%s", trained.c_str());
  draw_curves(train_losses, valid_losses);
}

}  // namespace tritium::desktop
