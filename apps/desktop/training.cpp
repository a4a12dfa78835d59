// The fine-tuning: its plan follows the settings.
#include <utility>

#include "desktop/app.h"

namespace tritium::desktop {
namespace {

constexpr std::chrono::milliseconds kStillTyping{300};

}  // namespace

TrainingJob App::job() const {
  return {.model = info.path,
          .backend = backend,
          .is_ternary = info.ternary_parameters > 0,
          .is_mixture = info.n_experts > 0,
          .settings = settings};
}

// What the model suggests for another way is taken where the earlier suggestion was not changed.
void App::choose(Learns learns) {
  if (settings.rate == suggested_rate(settings.learns)) settings.rate = suggested_rate(learns);
  if (settings.output == suggested_output(info, settings.learns)) settings.output = suggested_output(info, learns);
  settings.learns = learns;
}

void App::follow_settings() {
  const auto now = std::chrono::steady_clock::now();
  if (watched_ != settings) {
    watched_ = settings;
    changed_ = now;
  }
  if (!loaded || training || planned == settings || now - changed_ < kStillTyping) return;
  if (settings.text.empty() || settings.output.empty()) return;
  planned = settings;
  plan.reset();
  plan_error.clear();
  planning = true;
  job_ = trainer.plan(job());
}

void App::start_training() {
  if (training || !plan || !is_planned()) return;
  trained.clear();
  written.clear();
  train_losses.clear();
  valid_losses.clear();
  plan_error.clear();
  training = true;
  job_ = trainer.start(job());
}

void App::take(TrainingEvent& event) {
  if (event.request != job_) return;
  if (event.plan) {
    plan = std::move(event.plan);
    planning = false;
  } else if (event.progress) {
    progress = *std::move(event.progress);
    train_losses.push_back(static_cast<float>(progress.train_loss));
    if (progress.valid_loss) valid_losses.push_back(static_cast<float>(*progress.valid_loss));
    if (!progress.expert_load.empty()) load.set(progress.expert_load, progress.n_experts);
  } else if (event.report) {
    training = false;
    written = event.report->output;
    trained = written.empty() ? "nothing was written" : "written: " + written;
  } else {
    training = planning = false;
    plan_error = event.failure.message();
  }
}

}  // namespace tritium::desktop
