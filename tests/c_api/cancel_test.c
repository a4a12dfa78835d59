/* A tritium_cancel ends what is under way, from any thread, and nothing is changed. */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <time.h>

#include "check.h"

static double g_set_at;  // written before the call that it ends returns

static void* set_soon(void* cancel) {
  const struct timespec a_while = {.tv_nsec = 50 * 1000 * 1000};
  nanosleep(&a_while, NULL);
  g_set_at = seconds_now();
  tritium_cancel_set(cancel);
  return NULL;
}

static pthread_t set_from_another_thread(tritium_cancel* cancel) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, set_soon, cancel) == 0);
  return thread;
}

/* A tenth of a second is promised; what a busy machine adds is not this library's. */
static void check_it_was_soon(pthread_t thread) {
  const double now = seconds_now();
  CHECK(pthread_join(thread, NULL) == 0);
  printf("ended %.1f ms after it was set\n", 1e3 * (now - g_set_at));
  CHECK(now - g_set_at < 0.5);
}

static tritium_cancel* make_cancel(void) {
  tritium_error error = {.size = sizeof error};
  tritium_cancel* cancel = NULL;
  CHECK_OK(tritium_cancel_create(&cancel, &error));
  CHECK(!tritium_cancel_is_set(cancel));
  return cancel;
}

/* The reference takes a second for so many tokens. */
static void a_prompt_is_cancelled(const Material* material) {
  tritium_error error = {.size = sizeof error};
  static int32_t prompt[510];
  for (int i = 0; i < 510; ++i) prompt[i] = 3 + i % 256;
  Loaded loaded = load(material, "reference");
  tritium_cancel* cancel = make_cancel();
  pthread_t thread = set_from_another_thread(cancel);
  CHECK_STATUS(TRITIUM_CANCELLED, tritium_session_feed(loaded.session, prompt, 510, cancel, &error));
  check_it_was_soon(thread);
  CHECK(tritium_session_position(loaded.session) == 0 && tritium_cancel_is_set(cancel));
  tritium_generate_options options;
  tritium_generate_options_init(&options, sizeof options);
  options.cancel = cancel;
  CHECK_STATUS(TRITIUM_CANCELLED,
               tritium_session_generate(loaded.session, prompt, 510, &options, NULL, NULL, NULL, &error));
  tritium_cancel_clear(cancel);
  CHECK_OK(tritium_session_feed(loaded.session, prompt, 2, cancel, &error));
  tritium_cancel_release(cancel);
  unload(loaded);
}

typedef struct Canceller {
  tritium_cancel* cancel;
  pthread_t thread;
  int begun;
} Canceller;

static int32_t set_after_the_first_token(void* data, const tritium_token* token) {
  Canceller* canceller = data;
  CHECK(token->id >= 0);
  if (!canceller->begun) canceller->thread = set_from_another_thread(canceller->cancel);
  canceller->begun = 1;
  return 0;
}

static void a_generation_is_cancelled(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70};
  Loaded loaded = load(material, "reference");
  tritium_generate_options options;
  tritium_generate_options_init(&options, sizeof options);
  options.max_tokens = 500;
  options.ignore_end = 1;
  options.cancel = make_cancel();
  tritium_generation generation = {.size = sizeof generation};
  Canceller canceller = {.cancel = options.cancel};
  CHECK_OK(tritium_session_generate(loaded.session, prompt, 2, &options, set_after_the_first_token, &canceller,
                                    &generation, &error));
  check_it_was_soon(canceller.thread);
  CHECK(generation.stop == TRITIUM_STOP_CANCELLED && generation.tokens > 0 && generation.tokens < 500);
  tritium_cancel_release(options.cancel);
  unload(loaded);
}

static void a_polled_generation_is_cancelled(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70};
  Loaded loaded = load(material, "cpu");
  tritium_generate_options options;
  tritium_generate_options_init(&options, sizeof options);
  options.ignore_end = 1;
  options.cancel = make_cancel();
  tritium_token token = {.size = sizeof token};
  tritium_generation generation = {.size = sizeof generation};
  int32_t more = 0;
  CHECK_OK(tritium_session_begin(loaded.session, prompt, 2, &options, &error));
  for (int i = 0; i < 3; ++i) CHECK_OK(tritium_session_next(loaded.session, &token, &more, &error));
  CHECK(more);
  tritium_cancel_set(options.cancel);
  while (more) CHECK_OK(tritium_session_next(loaded.session, &token, &more, &error));
  CHECK_OK(tritium_session_generation(loaded.session, &generation, &error));
  CHECK(generation.stop == TRITIUM_STOP_CANCELLED && generation.tokens == 3);
  tritium_cancel_release(options.cancel);
  unload(loaded);
}

static int32_t no_more(void* data, double fraction) {
  CHECK(fraction >= 0 && fraction <= 1);
  return ++*(int*)data;
}
static void a_load_is_cancelled(const Material* material) {
  tritium_error error = {.size = sizeof error};
  tritium_model* model = NULL;
  int calls = 0;
  Loaded loaded = load(material, "cpu");
  tritium_load_options options;
  tritium_load_options_init(&options, sizeof options);
  CHECK(options.adapter_strength == 1);
  options.cancel = make_cancel();
  tritium_cancel_set(options.cancel);
  CHECK_STATUS(TRITIUM_CANCELLED, tritium_model_load(loaded.runtime, material->model, &options, &model, &error));
  tritium_cancel_clear(options.cancel);
  options.progress = no_more;
  options.progress_data = &calls;
  CHECK_STATUS(TRITIUM_CANCELLED, tritium_model_load(loaded.runtime, material->model, &options, &model, &error));
  CHECK(calls == 1 && !model);
  options.progress = NULL;
  CHECK_OK(tritium_model_load(loaded.runtime, material->model, &options, &model, &error));
  tritium_cancel_release(options.cancel);
  tritium_model_release(model);
  unload(loaded);
}

/* One flag, several calls. */
static void a_session_and_an_embedding_are_cancelled(const Material* material) {
  tritium_error error = {.size = sizeof error};
  tritium_session* session = NULL;
  float values[256];
  Loaded loaded = load(material, "cpu");
  tritium_cancel* cancel = make_cancel();
  tritium_cancel_set(cancel);
  const tritium_embedding_options embedding = {.size = sizeof embedding, .cancel = cancel};
  const tritium_session_options options = {.size = sizeof options, .cancel = cancel};
  CHECK_STATUS(TRITIUM_CANCELLED, tritium_embed(loaded.model, "red", 3, &embedding, values, 256, NULL, &error));
  const tritium_status status = tritium_session_create(loaded.model, &options, &session, &error);
  CHECK(status == TRITIUM_CANCELLED || status == TRITIUM_OK);  // a small one is made at once
  tritium_session_release(session);
  tritium_cancel_release(cancel);
  unload(loaded);
}

const Test kCancelTests[] = {{"a_prompt_is_cancelled", a_prompt_is_cancelled},
                             {"a_generation_is_cancelled", a_generation_is_cancelled},
                             {"a_polled_generation_is_cancelled", a_polled_generation_is_cancelled},
                             {"a_load_is_cancelled", a_load_is_cancelled},
                             {"a_session_and_an_embedding_are_cancelled", a_session_and_an_embedding_are_cancelled},
                             {NULL, NULL}};
