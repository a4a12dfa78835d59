// Training: tritium/training.h.
#include "tritium/training.h"

#include <limits>

#include "c_api/call.h"
#include "c_api/handles.h"
#include "c_api/structs.h"
#include "tritium/training.hpp"

struct tritium_trainer {
  tritium::Trainer trainer;
};

namespace tritium::c_api {

template <>
tritium_train_options defaults<tritium_train_options>() {
  return {.size = sizeof(tritium_train_options)};
}

namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

Result<TrainOptions> config_of(const char* config, uint64_t size) {
  const Result<std::string_view> json = given_text(config, size, "config");
  if (!json.ok()) return json.status();
  return train_options_from_json(*json);
}

tritium_train_plan plan_of(const TrainPlan& p) {
  return {.size = sizeof(tritium_train_plan),
          .parameters = p.parameters,
          .active_parameters = p.active_parameters,
          .ternary_parameters = p.ternary_parameters,
          .memory_bytes = p.memory_bytes,
          .available_bytes = p.available_bytes,
          .fitting_bytes = p.fitting.empty() ? 0 : p.fitting_bytes,
          .train_tokens = p.train_tokens,
          .valid_tokens = p.valid_tokens,
          .steps = p.steps};
}

tritium_train_progress progress_of(const TrainProgress& p) {
  return {.size = sizeof(tritium_train_progress),
          .step = p.step,
          .steps = p.steps,
          .train_loss = p.train_loss,
          .valid_loss = p.valid_loss.value_or(kNone),
          .bits_per_byte = p.bits_per_byte.value_or(kNone),
          .learning_rate = p.learning_rate,
          .gradient_norm = p.gradient_norm,
          .tokens_per_second = p.tokens_per_second,
          .seconds = p.seconds,
          .seconds_left = p.seconds_left};
}

tritium_train_report report_of(const TrainReport& r) {
  return {.size = sizeof(tritium_train_report),
          .step = r.step,
          .exported_step = r.exported_step,
          .train_loss = r.train_loss.value_or(kNone),
          .valid_loss = r.valid_loss,
          .bits_per_byte = r.bits_per_byte,
          .first_valid_loss = r.first_valid_loss,
          .seconds = r.seconds,
          .tokens_per_second = r.tokens_per_second,
          .export_difference = r.export_difference,
          .packed_bytes = r.packed_bytes,
          .stop = static_cast<int32_t>(r.stop),
          .reserved = 0};
}

static_assert(TRITIUM_TRAIN_FINISHED == static_cast<int>(TrainStop::finished));
static_assert(TRITIUM_TRAIN_INTERRUPTED == static_cast<int>(TrainStop::interrupted));
static_assert(TRITIUM_TRAIN_EARLY == static_cast<int>(TrainStop::early));

// What the caller takes of it, which may be nothing.
template <typename T>
Status check_if_wanted(const T* out, const char* name) {
  return out ? check_out(out, name) : Status();
}
template <typename T>
Outcome give_if_wanted(const T& value, T* out, const char* name) {
  return out ? give(value, out, name) : Outcome();
}

TrainCallbacks callbacks_of(const tritium_train_options& o) {
  TrainCallbacks callbacks;
  callbacks.keep_going = keep_going_of(o.cancel);
  if (o.progress)
    callbacks.progress = [call = o.progress, data = o.progress_data](const TrainProgress& p) {
      const tritium_train_progress now = progress_of(p);
      return call(data, &now) == 0;
    };
  return callbacks;
}

}  // namespace
}  // namespace tritium::c_api

extern "C" {

using namespace tritium::c_api;
using tritium::Status;

void tritium_train_options_init(tritium_train_options* options, uint64_t size) { init_options(options, size); }

tritium_status tritium_train_make_plan(const char* config, uint64_t config_size, tritium_train_plan* out,
                                       tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = check_out(out, "tritium_train_plan"); !s.ok()) return s;
    const auto options = config_of(config, config_size);
    if (!options.ok()) return options.status();
    const auto plan = tritium::plan_training(*options);
    if (!plan.ok()) return plan.status();
    return give(plan_of(*plan), out, "tritium_train_plan");
  });
}

tritium_status tritium_train(const char* config, uint64_t config_size, const tritium_train_options* options,
                             tritium_train_report* out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = check_if_wanted(out, "tritium_train_report"); !s.ok()) return s;
    const auto all = options_of(options, "tritium_train_options");
    if (!all.ok()) return all.status();
    auto run = config_of(config, config_size);
    if (!run.ok()) return run.status();
    run->log = log_sink_of(all->log, all->log_data);
    const auto trained = tritium::train(*run, callbacks_of(*all));
    if (!trained.ok()) return trained.status();
    return give_if_wanted(report_of(*trained), out, "tritium_train_report");
  });
}

tritium_status tritium_trainer_create(const char* config, uint64_t config_size, const tritium_train_options* options,
                                      tritium_trainer** out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{out, "out"}}); !s.ok()) return s;
    *out = nullptr;
    const auto all = options_of(options, "tritium_train_options");
    if (!all.ok()) return all.status();
    auto run = config_of(config, config_size);
    if (!run.ok()) return run.status();
    run->log = log_sink_of(all->log, all->log_data);
    auto trainer = tritium::Trainer::create(*run, callbacks_of(*all));
    if (!trainer.ok()) return trainer.status();
    return give_handle(out, *std::move(trainer));
  });
}

void tritium_trainer_release(tritium_trainer* trainer) { delete trainer; }

tritium_status tritium_trainer_step(tritium_trainer* trainer, int64_t n, tritium_cancel* cancel,
                                    tritium_train_progress* out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{trainer, "trainer"}}); !s.ok()) return s;
    if (Status s = check_if_wanted(out, "tritium_train_progress"); !s.ok()) return s;
    const auto progress = trainer->trainer.step(n, keep_going_of(cancel));
    if (!progress.ok()) return progress.status();
    return give_if_wanted(progress_of(*progress), out, "tritium_train_progress");
  });
}

int32_t tritium_trainer_has_ended(const tritium_trainer* trainer) { return trainer && trainer->trainer.has_ended(); }

tritium_status tritium_trainer_evaluate(tritium_trainer* trainer, tritium_cancel* cancel, tritium_train_progress* out,
                                        tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{trainer, "trainer"}}); !s.ok()) return s;
    if (Status s = check_out(out, "tritium_train_progress"); !s.ok()) return s;
    const auto progress = trainer->trainer.evaluate(keep_going_of(cancel));
    if (!progress.ok()) return progress.status();
    return give(progress_of(*progress), out, "tritium_train_progress");
  });
}

tritium_status tritium_trainer_save(tritium_trainer* trainer, const char* path, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{trainer, "trainer"}}); !s.ok()) return s;
    return trainer->trainer.save(text_or_empty(path));
  });
}

tritium_status tritium_trainer_export(tritium_trainer* trainer, const char* path, tritium_cancel* cancel,
                                      tritium_train_report* out, tritium_error* error) {
  return guarded(error, [&]() -> Outcome {
    if (Status s = needs({{trainer, "trainer"}}); !s.ok()) return s;
    if (Status s = check_if_wanted(out, "tritium_train_report"); !s.ok()) return s;
    const auto report = trainer->trainer.export_to(text_or_empty(path), keep_going_of(cancel));
    if (!report.ok()) return report.status();
    return give_if_wanted(report_of(*report), out, "tritium_train_report");
  });
}
}
