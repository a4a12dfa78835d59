/* Training: a run from a JSON object, beside a session that waits. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <pthread.h>

#include "check.h"

/* Fine-tunes the model for a step. */
static void make_config(const Material* material, char* config, size_t capacity, const char* output) {
  char text[1500];
  for (size_t i = 0; i + 1 < sizeof text; ++i) text[i] = "the quick brown fox "[i % 20];
  text[sizeof text - 1] = '\0';
  snprintf(config, capacity,
           "{\"model\": \"%s\", \"text\": \"%s\", \"steps\": 1, \"context\": 16, \"batch\": 2, \"output\": \"%s\"}",
           material->model, text, output);
}

typedef struct Run {
  char config[8192];
  int reports;
  tritium_train_report report;
} Run;

static int32_t note_progress(void* data, const tritium_train_progress* progress) {
  CHECK(progress->size == sizeof *progress && progress->step <= 1 && isfinite(progress->train_loss));
  ++((Run*)data)->reports;
  return 0;
}

static void* train_on_a_thread(void* data) {
  tritium_error error = {.size = sizeof error};
  Run* run = data;
  tritium_train_options options;
  tritium_train_options_init(&options, sizeof options);
  options.progress = note_progress;
  options.progress_data = run;
  CHECK_OK(tritium_train(run->config, strlen(run->config), &options, &run->report, &error));
  return NULL;
}

static void a_step_is_trained_while_a_session_waits(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70, 80};
  float before[259], after[259];
  char output[2048];
  pthread_t thread;
  static Run run = {.report = {.size = sizeof run.report}};
  snprintf(output, sizeof output, "%s/tuned.gguf", material->folder);
  make_config(material, run.config, sizeof run.config, output);
  Loaded loaded = load(material, "cpu");
  CHECK_OK(tritium_session_feed(loaded.session, prompt, 3, NULL, &error));
  CHECK_OK(tritium_session_logits(loaded.session, before, 259, NULL, &error));
  CHECK(pthread_create(&thread, NULL, train_on_a_thread, &run) == 0 && pthread_join(thread, NULL) == 0);
  CHECK(run.report.step == 1 && run.report.stop == TRITIUM_TRAIN_FINISHED && run.reports > 0);
  CHECK(isfinite(run.report.train_loss) && isfinite(run.report.valid_loss) && run.report.packed_bytes > 0);
  /* The session goes on as if nothing had been; the file can be loaded. */
  CHECK_OK(tritium_session_rewind(loaded.session, 2, &error));
  CHECK_OK(tritium_session_feed(loaded.session, prompt + 2, 1, NULL, &error));
  CHECK_OK(tritium_session_logits(loaded.session, after, 259, NULL, &error));
  CHECK(memcmp(before, after, sizeof before) == 0);
  tritium_model* tuned = NULL;
  CHECK_OK(tritium_model_load(loaded.runtime, output, NULL, &tuned, &error));
  tritium_model_release(tuned);
  unload(loaded);
  remove(output);
}

/* Begins a generation anew, always the most probable token. */
static void begin_greedily(tritium_session* session) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70, 80};
  tritium_sampler_options greedy;
  tritium_sampler_options_init(&greedy, sizeof greedy);
  greedy.temperature = 0;
  tritium_generate_options options;
  tritium_generate_options_init(&options, sizeof options);
  options.sampler = &greedy;
  options.ignore_end = 1;
  CHECK_OK(tritium_session_rewind(session, 0, &error));
  CHECK_OK(tritium_session_begin(session, prompt, 3, &options, &error));
}

static void take_tokens(tritium_session* session, int32_t* out, int n) {
  tritium_error error = {.size = sizeof error};
  tritium_token token = {.size = sizeof token};
  int32_t more = 0;
  for (int i = 0; i < n; ++i) {
    CHECK_OK(tritium_session_next(session, &token, &more, &error));
    CHECK(more);
    out[i] = token.id;
  }
}

static void a_training_steps_beside_a_waiting_session(const Material* material) {
  tritium_error error = {.size = sizeof error};
  int32_t without[8], beside[8];
  char path[2048], checkpoint[2048];
  static char config[8192];
  snprintf(path, sizeof path, "%s/stepped.gguf", material->folder);
  snprintf(checkpoint, sizeof checkpoint, "%s/stepped.ckpt", material->folder);
  make_config(material, config, sizeof config, "");
  memcpy(strstr(config, "\"steps\": 1"), "\"steps\": 3", 10);
  Loaded loaded = load(material, "cpu");
  begin_greedily(loaded.session);
  take_tokens(loaded.session, without, 8);
  begin_greedily(loaded.session);
  take_tokens(loaded.session, beside, 4);
  tritium_trainer* trainer = NULL;
  tritium_train_progress progress = {.size = sizeof progress};
  tritium_train_report report = {.size = sizeof report};
  CHECK_OK(tritium_trainer_create(config, strlen(config), NULL, &trainer, &error));
  CHECK_OK(tritium_trainer_step(trainer, 1, NULL, &progress, &error));
  CHECK(progress.step == 1 && progress.steps == 3 && isfinite(progress.train_loss));
  take_tokens(loaded.session, beside + 4, 2);
  CHECK_OK(tritium_trainer_step(trainer, 1, NULL, NULL, &error));
  CHECK(!tritium_trainer_has_ended(trainer));
  CHECK_OK(tritium_trainer_evaluate(trainer, NULL, &progress, &error));
  CHECK(progress.step == 2 && isfinite(progress.valid_loss) && isfinite(progress.bits_per_byte));
  take_tokens(loaded.session, beside + 6, 2);
  CHECK(memcmp(without, beside, sizeof without) == 0);
  CHECK_OK(tritium_trainer_step(trainer, 5, NULL, &progress, &error));
  CHECK(progress.step == 3 && tritium_trainer_has_ended(trainer));
  CHECK_OK(tritium_trainer_save(trainer, checkpoint, &error));
  CHECK_OK(tritium_trainer_export(trainer, path, NULL, &report, &error));
  CHECK(report.step == 3 && report.stop == TRITIUM_TRAIN_FINISHED && report.packed_bytes > 0);
  tritium_trainer_release(trainer);
  tritium_model* tuned = NULL;
  CHECK_OK(tritium_model_load(loaded.runtime, path, NULL, &tuned, &error));
  tritium_model_release(tuned);
  unload(loaded);
  CHECK(remove(checkpoint) == 0 && remove(path) == 0);
}

static void a_step_is_cancelled_and_taken_again(const Material* material) {
  tritium_error error = {.size = sizeof error};
  static char config[8192];
  tritium_cancel* cancel = NULL;
  tritium_trainer* trainer = NULL;
  make_config(material, config, sizeof config, "");
  CHECK_OK(tritium_cancel_create(&cancel, &error));
  CHECK_OK(tritium_trainer_create(config, strlen(config), NULL, &trainer, &error));
  tritium_cancel_set(cancel);
  CHECK_STATUS(TRITIUM_CANCELLED, tritium_trainer_step(trainer, 1, cancel, NULL, &error));
  CHECK(!tritium_trainer_has_ended(trainer));
  tritium_cancel_clear(cancel);
  CHECK_OK(tritium_trainer_step(trainer, 1, cancel, NULL, &error));
  CHECK(tritium_trainer_has_ended(trainer));
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_trainer_step(trainer, 0, NULL, NULL, &error));
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_trainer_save(trainer, NULL, &error));
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_trainer_export(trainer, NULL, NULL, NULL, &error));
  tritium_trainer_release(trainer);
  tritium_cancel_release(cancel);
}

static void a_plan_says_what_a_run_needs(const Material* material) {
  tritium_error error = {.size = sizeof error};
  static char config[8192];
  tritium_train_plan plan = {.size = sizeof plan};
  make_config(material, config, sizeof config, "");
  CHECK_OK(tritium_train_make_plan(config, strlen(config), &plan, &error));
  CHECK(plan.parameters > plan.ternary_parameters && plan.ternary_parameters > 0 && plan.memory_bytes > 0);
  CHECK(plan.steps == 1 && plan.train_tokens > 1000 && plan.valid_tokens > 0);
  const char unknown[] = "{\"stpes\": 1}";
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_train_make_plan(unknown, sizeof unknown - 1, &plan, &error));
  CHECK(strstr(error.message, "stpes"));
}

static void a_run_is_cancelled_before_it_learned_anything(const Material* material) {
  tritium_error error = {.size = sizeof error};
  static char config[8192];
  tritium_train_options options = {.size = sizeof options};
  make_config(material, config, sizeof config, "");
  CHECK_OK(tritium_cancel_create(&options.cancel, &error));
  tritium_cancel_set(options.cancel);
  CHECK_STATUS(TRITIUM_CANCELLED, tritium_train(config, strlen(config), &options, NULL, &error));
  tritium_cancel_release(options.cancel);
}

const Test kTrainingTests[] = {
    {"a_step_is_trained_while_a_session_waits", a_step_is_trained_while_a_session_waits},
    {"a_training_steps_beside_a_waiting_session", a_training_steps_beside_a_waiting_session},
    {"a_step_is_cancelled_and_taken_again", a_step_is_cancelled_and_taken_again},
    {"a_plan_says_what_a_run_needs", a_plan_says_what_a_run_needs},
    {"a_run_is_cancelled_before_it_learned_anything", a_run_is_cancelled_before_it_learned_anything},
    {NULL, NULL}};
