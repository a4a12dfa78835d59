/* Sessions: what they evaluate, draw and keep. */
#define _POSIX_C_SOURCE 200809L
#include <math.h>
#include <pthread.h>
#include <unistd.h>

#include "check.h"
#ifdef _WIN32
#include <windows.h>
/* needs the above */
#include <psapi.h>
#endif

/* What a generation handed out. */
typedef struct Written {
  tritium_session* session;
  int32_t ids[64];
  char text[1024];
  uint64_t n, size, stop_after;
} Written;

static int32_t write_down(void* data, const tritium_token* token) {
  Written* written = data;
  CHECK(token->size == sizeof *token && written->n < 64 && written->size + token->text_size < sizeof written->text);
  written->ids[written->n++] = token->id;
  memcpy(written->text + written->size, token->text, token->text_size);
  written->size += token->text_size;
  return written->n == written->stop_after;
}

static tritium_generate_options few_tokens(int64_t n) {
  tritium_generate_options options;
  tritium_generate_options_init(&options, sizeof options);
  options.max_tokens = n;
  options.ignore_end = 1;
  return options;
}

static void a_generation_hands_out_its_tokens_and_text(const Material* material) {
  tritium_error error = {.size = sizeof error};
  int32_t prompt[64];
  Loaded loaded = load(material, "cpu");
  const uint64_t n = tokens_of(loaded.model, "Once", prompt, 64);
  const tritium_generate_options options = few_tokens(12);
  Written written = {.n = 0};
  tritium_generation generation = {.size = sizeof generation};
  CHECK_OK(tritium_session_generate(loaded.session, prompt, n, &options, write_down, &written, &generation, &error));
  CHECK(written.n == 12 && generation.tokens == 12 && generation.stop == TRITIUM_STOP_MAX_TOKENS);
  CHECK(generation.prompt_tokens == (int64_t)n && generation.seconds > 0 && generation.stop_text == -1);
  CHECK(tritium_session_position(loaded.session) == (int64_t)n + 11);  // the last one is not evaluated yet
  /* The same seed gives the same tokens, and another one others. */
  Written again = {.n = 0}, other = {.n = 0};
  CHECK_OK(tritium_session_rewind(loaded.session, 0, &error));
  CHECK_OK(tritium_session_generate(loaded.session, prompt, n, &options, write_down, &again, NULL, &error));
  CHECK(memcmp(written.ids, again.ids, sizeof written.ids) == 0 && written.size == again.size);
  tritium_sampler_options sampler;
  tritium_sampler_options_init(&sampler, sizeof sampler);
  sampler.seed = 7;
  tritium_generate_options seeded = options;
  seeded.sampler = &sampler;
  CHECK_OK(tritium_session_rewind(loaded.session, 0, &error));
  CHECK_OK(tritium_session_generate(loaded.session, prompt, n, &seeded, write_down, &other, &generation, &error));
  CHECK(memcmp(written.ids, other.ids, sizeof written.ids) != 0 && generation.seed == 7);
  unload(loaded);
}

static void a_callback_ends_a_generation(const Material* material) {
  tritium_error error = {.size = sizeof error};
  Loaded loaded = load(material, "cpu");
  const int32_t prompt[] = {1, 70, 80};
  const tritium_generate_options options = few_tokens(40);
  Written written = {.stop_after = 3};
  tritium_generation generation = {.size = sizeof generation};
  CHECK_OK(tritium_session_generate(loaded.session, prompt, 3, &options, write_down, &written, &generation, &error));
  CHECK(written.n == 3 && generation.tokens == 3 && generation.stop == TRITIUM_STOP_CANCELLED);
  unload(loaded);
}

static void a_polled_generation_is_the_one_that_calls_back(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70, 80};
  Loaded loaded = load(material, "cpu");
  tritium_generate_options options = few_tokens(12);
  options.log_probabilities = 2;
  options.experts = 1;
  Written called = {.n = 0}, polled = {.n = 0};
  CHECK_OK(tritium_session_generate(loaded.session, prompt, 3, &options, write_down, &called, NULL, &error));
  CHECK_OK(tritium_session_rewind(loaded.session, 0, &error));
  CHECK_OK(tritium_session_begin(loaded.session, prompt, 3, &options, &error));
  tritium_token token = {.size = sizeof token};
  int32_t more = 0;
  for (;;) {
    CHECK_OK(tritium_session_next(loaded.session, &token, &more, &error));
    if (!more) break;
    CHECK(token.n_most_probable == 2 && token.log_probability <= 0);
    CHECK(token.n_experts > 0 && token.experts[0] >= 0 && token.experts[token.n_experts - 1] >= 0);
    CHECK(token.most_probable[0].log_probability >= token.most_probable[1].log_probability);
    write_down(&polled, &token);
  }
  CHECK(polled.n == 12 && memcmp(called.ids, polled.ids, sizeof called.ids) == 0);
  CHECK(polled.size == called.size && memcmp(called.text, polled.text, polled.size) == 0);
  tritium_generation generation = {.size = sizeof generation};
  CHECK_OK(tritium_session_generation(loaded.session, &generation, &error));
  CHECK(generation.tokens == 12 && generation.stop == TRITIUM_STOP_MAX_TOKENS && generation.seconds > 0);
  CHECK_OK(tritium_session_next(loaded.session, &token, &more, &error));
  CHECK(!more);
  /* Another call of the session ends it. */
  CHECK_OK(tritium_session_begin(loaded.session, prompt, 3, &options, &error));
  CHECK_OK(tritium_session_next(loaded.session, &token, &more, &error));
  CHECK(more);
  CHECK_OK(tritium_session_rewind(loaded.session, 0, &error));
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_session_next(loaded.session, &token, &more, &error));
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_session_generation(loaded.session, &generation, &error));
  unload(loaded);
}

static void sessions_together_get_what_each_gets_alone(const Material* material) {
  enum { kSessions = 4 };
  tritium_error error = {.size = sizeof error};
  const Loaded loaded = load(material, "cpu");
  const tritium_generate_options options = few_tokens(12);
  tritium_session* sessions[kSessions];
  CHECK_OK(tritium_sessions_create(loaded.model, NULL, kSessions, sessions, &error));
  Written alone[kSessions] = {{0}}, together[kSessions] = {{0}};
  tritium_token tokens[kSessions];
  tritium_token* places[kSessions];
  for (int32_t i = 0; i < kSessions; ++i) {
    const int32_t prompt[] = {70 + i, 80, 90 + i};
    CHECK_OK(tritium_session_rewind(loaded.session, 0, &error));
    CHECK_OK(tritium_session_generate(loaded.session, prompt, 3, &options, write_down, &alone[i], NULL, &error));
    CHECK_OK(tritium_session_begin(sessions[i], prompt, 3, &options, &error));
    tokens[i] = (tritium_token){.size = sizeof tokens[i]};
    places[i] = &tokens[i];
  }
  for (int32_t going = kSessions; going;) {
    int32_t more[kSessions];
    tritium_status outcomes[kSessions];
    CHECK_OK(tritium_sessions_next(sessions, kSessions, places, more, outcomes, &error));
    going = 0;
    for (int i = 0; i < kSessions; ++i) {
      CHECK(outcomes[i] == TRITIUM_OK);
      if (more[i]) write_down(&together[i], &tokens[i]);
      going += more[i];
    }
  }
  for (int i = 0; i < kSessions; ++i) {
    CHECK(together[i].n == alone[i].n && memcmp(together[i].ids, alone[i].ids, sizeof alone[i].ids) == 0);
    CHECK(together[i].size == alone[i].size && memcmp(together[i].text, alone[i].text, alone[i].size) == 0);
    tritium_session_release(sessions[i]);
  }
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_sessions_create(loaded.model, NULL, 0, sessions, &error));
  unload(loaded);
}

static void a_text_is_held_to_a_grammar(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const Loaded loaded = load(material, "cpu");
  tritium_generate_options options = few_tokens(12);
  options.ignore_end = 0;
  options.grammar = "root ::= \"<\" [0-9]{3} \">\"";
  const int32_t prompt[] = {70, 80};
  Written written = {0};
  CHECK_OK(tritium_session_generate(loaded.session, prompt, 2, &options, write_down, &written, NULL, &error));
  CHECK(written.size == 5 && written.text[0] == '<' && written.text[4] == '>');
  for (int i = 1; i < 4; ++i) CHECK(written.text[i] >= '0' && written.text[i] <= '9');
  options.grammar = "root ::= \"a";
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT,
               tritium_session_generate(loaded.session, prompt, 2, &options, NULL, NULL, NULL, &error));
  CHECK(strstr(error.message, "line 1"));
  unload(loaded);
}

/* Of the byte vocabulary every token is a byte: one that was written is a stop text of one byte. */
static void a_stop_text_ends_a_generation_and_is_told(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70, 80};
  Loaded loaded = load(material, "cpu");
  tritium_generate_options options = few_tokens(60);
  Written whole = {.n = 0}, cut = {.n = 0};
  CHECK_OK(tritium_session_generate(loaded.session, prompt, 3, &options, write_down, &whole, NULL, &error));
  char stop[2] = "";
  for (uint64_t i = 1; i < whole.size && !stop[0]; ++i)
    if (whole.text[i] > ' ' && whole.text[i] < 127 && !memchr(whole.text, whole.text[i], i)) stop[0] = whole.text[i];
  CHECK(stop[0]);
  const char* stops[] = {"never in it", stop};
  options.stop = stops;
  options.n_stop = 2;
  tritium_generation generation = {.size = sizeof generation};
  CHECK_OK(tritium_session_rewind(loaded.session, 0, &error));
  CHECK_OK(tritium_session_generate(loaded.session, prompt, 3, &options, write_down, &cut, &generation, &error));
  CHECK(generation.stop == TRITIUM_STOP_TEXT && generation.stop_text == 1);
  CHECK(cut.size == (uint64_t)((char*)memchr(whole.text, stop[0], whole.size) - whole.text));
  CHECK(memcmp(cut.text, whole.text, cut.size) == 0);
  unload(loaded);
}

static void values_out_of_range_are_refused(const Material* material) {
  tritium_error error = {.size = sizeof error};
  Loaded loaded = load(material, "cpu");
  tritium_session* session = NULL;
  const tritium_session_options options = {.size = sizeof options, .kv = 9};
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_session_create(loaded.model, &options, &session, &error));
  CHECK(strstr(error.message, "kv is 9") && !session);
  const int32_t wrong[] = {1, 259};
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_session_feed(loaded.session, wrong, 2, NULL, &error));
  CHECK(tritium_session_position(loaded.session) == 0);
  tritium_generate_options generate = few_tokens(1);
  generate.when_full = 3;
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT,
               tritium_session_generate(loaded.session, wrong, 1, &generate, NULL, NULL, NULL, &error));
  const char* stop[] = {"a", NULL};
  generate = few_tokens(1);
  generate.stop = stop;
  generate.n_stop = 2;
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT,
               tritium_session_generate(loaded.session, wrong, 1, &generate, NULL, NULL, NULL, &error));
  CHECK(strstr(error.message, "stop[1]"));
  tritium_sampler_options sampler = {.size = sizeof sampler};  // all zero: top_p is out of range
  tritium_sampler* made = NULL;
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_sampler_create(&sampler, &made, &error));
  CHECK(!made && strstr(error.message, "top_p"));
  unload(loaded);
}

static void logits_are_those_that_tokens_are_drawn_from(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70, 80, 90};
  float logits[259];
  tritium_log_probability top[259];
  uint64_t n = 0;
  double sum = 0;
  Loaded loaded = load(material, "cpu");
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_session_logits(loaded.session, logits, 259, &n, &error));
  CHECK_OK(tritium_session_feed(loaded.session, prompt, 4, NULL, &error));
  CHECK_OK(tritium_session_logits(loaded.session, logits, 259, &n, &error));
  CHECK(n == 259);
  CHECK_OK(tritium_session_top(loaded.session, 259, top, &error));
  for (int i = 0; i < 259; ++i) {
    sum += exp(top[i].log_probability);
    CHECK(i == 0 || top[i].log_probability <= top[i - 1].log_probability);
    const double difference = (double)logits[top[0].token] - (double)logits[top[i].token];
    CHECK(fabs(top[0].log_probability - top[i].log_probability - difference) < 1e-9);
  }
  CHECK(fabs(sum - 1) < 1e-12 * 259);
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_session_top(loaded.session, 260, top, &error));
  /* A greedy sampler and a greedy generation take the first of them. */
  tritium_sampler_options greedy;
  tritium_sampler_options_init(&greedy, sizeof greedy);
  greedy.temperature = 0;
  tritium_sampler* sampler = NULL;
  int32_t drawn = -1;
  CHECK_OK(tritium_sampler_create(&greedy, &sampler, &error));
  CHECK_OK(tritium_sampler_sample(sampler, logits, n, &drawn, &error));
  CHECK_OK(tritium_sampler_accept(sampler, drawn, &error));
  CHECK(drawn == top[0].token);
  tritium_generate_options options = few_tokens(1);
  options.sampler = &greedy;
  Written written = {.n = 0};
  CHECK_OK(tritium_session_generate(loaded.session, NULL, 0, &options, write_down, &written, NULL, &error));
  CHECK(written.ids[0] == drawn);
  tritium_sampler_release(sampler);
  unload(loaded);
}

/* Rewound to where it was, a session has the logits of there. */
static void a_rewound_session_goes_on_from_there(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70, 80, 90};
  float before[259], after[259];
  Loaded loaded = load(material, "cpu");
  CHECK_OK(tritium_session_feed(loaded.session, prompt, 2, NULL, &error));
  CHECK_OK(tritium_session_logits(loaded.session, before, 259, NULL, &error));
  CHECK_OK(tritium_session_feed(loaded.session, prompt + 2, 2, NULL, &error));
  CHECK_OK(tritium_session_rewind(loaded.session, 2, &error));
  CHECK_OK(tritium_session_logits(loaded.session, after, 259, NULL, &error));
  CHECK(memcmp(before, after, sizeof before) == 0);
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_session_rewind(loaded.session, 3, &error));
  CHECK(tritium_session_position(loaded.session) == 2 && tritium_session_context(loaded.session) == 512);
  unload(loaded);
}

static void a_session_is_forked_saved_and_restored(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70, 80, 90};
  float expected[259], forked[259], restored[259];
  tritium_session* fork = NULL;
  uint64_t size = 0;
  Loaded loaded = load(material, "cpu");
  CHECK_OK(tritium_session_feed(loaded.session, prompt, 3, NULL, &error));
  CHECK_OK(tritium_session_fork(loaded.session, &fork, &error));
  CHECK_STATUS(TRITIUM_BUFFER_TOO_SMALL, tritium_session_save(loaded.session, NULL, 0, &size, &error));
  char* bytes = malloc(size);
  CHECK(bytes);
  CHECK_OK(tritium_session_save(loaded.session, bytes, size, &size, &error));
  CHECK_OK(tritium_session_feed(loaded.session, prompt + 3, 1, NULL, &error));
  CHECK_OK(tritium_session_logits(loaded.session, expected, 259, NULL, &error));
  CHECK_OK(tritium_session_feed(fork, prompt + 3, 1, NULL, &error));
  CHECK_OK(tritium_session_logits(fork, forked, 259, NULL, &error));
  CHECK_OK(tritium_session_restore(loaded.session, bytes, size, &error));
  CHECK(tritium_session_position(loaded.session) == 3);
  CHECK_OK(tritium_session_feed(loaded.session, prompt + 3, 1, NULL, &error));
  CHECK_OK(tritium_session_logits(loaded.session, restored, 259, NULL, &error));
  CHECK(memcmp(expected, forked, sizeof expected) == 0 && memcmp(expected, restored, sizeof expected) == 0);
  bytes[size / 2] ^= 1;
  CHECK_STATUS(TRITIUM_CORRUPT_FILE, tritium_session_restore(loaded.session, bytes, size, &error));
  CHECK(tritium_session_position(loaded.session) == 4);
  free(bytes);
  tritium_session_release(fork);
  unload(loaded);
}

static int32_t use_the_session(void* data, const tritium_token* token) {
  tritium_error error = {.size = sizeof error};
  (void)token;
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_session_rewind(data, 0, &error));
  return 1;
}
static void a_session_in_use_is_refused_to_its_callbacks(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70};
  Loaded loaded = load(material, "cpu");
  CHECK_OK(tritium_session_generate(loaded.session, prompt, 2, NULL, use_the_session, loaded.session, NULL, &error));
  unload(loaded);
}

static void* generate_on_a_thread(void* data) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70, 80};
  const tritium_generate_options options = few_tokens(40);
  Written* written = data;
  CHECK_OK(tritium_session_generate(written->session, prompt, 3, &options, write_down, written, NULL, &error));
  return NULL;
}
static void sessions_on_two_threads_write_what_one_alone_writes(const Material* material) {
  tritium_error error = {.size = sizeof error};
  Loaded loaded = load(material, "cpu");
  Written alone = {.session = loaded.session}, first = {.n = 0}, second = {.n = 0};
  pthread_t one, two;
  generate_on_a_thread(&alone);
  CHECK_OK(tritium_session_create(loaded.model, NULL, &first.session, &error));
  CHECK_OK(tritium_session_create(loaded.model, NULL, &second.session, &error));
  CHECK(pthread_create(&one, NULL, generate_on_a_thread, &first) == 0);
  CHECK(pthread_create(&two, NULL, generate_on_a_thread, &second) == 0);
  CHECK(pthread_join(one, NULL) == 0 && pthread_join(two, NULL) == 0);
  CHECK(memcmp(alone.ids, first.ids, sizeof alone.ids) == 0 && memcmp(alone.ids, second.ids, sizeof alone.ids) == 0);
  tritium_session_release(first.session);
  tritium_session_release(second.session);
  unload(loaded);
}

static void handles_keep_alive_what_they_need(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const int32_t prompt[] = {1, 70};
  Loaded loaded = load(material, "cpu");
  tritium_runtime_release(loaded.runtime);
  tritium_model_release(loaded.model);
  CHECK_OK(tritium_session_feed(loaded.session, prompt, 2, NULL, &error));
  tritium_session_release(loaded.session);
}

static long resident_bytes(void) {
#ifdef _WIN32
  PROCESS_MEMORY_COUNTERS counters = {.cb = sizeof counters};
  return GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters) ? (long)counters.WorkingSetSize : -1;
#else
  long total = 0, resident = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (!file) return -1;
  CHECK(fscanf(file, "%ld %ld", &total, &resident) == 2);
  fclose(file);
  return resident * sysconf(_SC_PAGESIZE);
#endif
}
/* A model has 2 MB. What grows for ever is found: 1 MiB in 180 cycles is 6 KB each. */
static void two_hundred_loads_leave_nothing_behind(const Material* material) {
  const int32_t prompt[] = {1, 70, 80};
  tritium_error error = {.size = sizeof error};
  long after_twenty = 0;
  for (int i = 0; i < 200; ++i) {
    Loaded loaded = load(material, "cpu");
    CHECK_OK(tritium_session_feed(loaded.session, prompt, 3, NULL, &error));
    unload(loaded);
    if (i == 19) after_twenty = resident_bytes();
  }
  const long grown = resident_bytes() - after_twenty;
  printf("resident: %ld bytes after 20 cycles, %ld more after 200\n", after_twenty, grown);
#ifndef TRITIUM_SANITIZED /* which keeps what is freed for a while, and finds leaks itself */
  CHECK(grown < 1 << 20);
#endif
}

const Test kSessionTests[] = {
    {"a_generation_hands_out_its_tokens_and_text", a_generation_hands_out_its_tokens_and_text},
    {"a_callback_ends_a_generation", a_callback_ends_a_generation},
    {"a_stop_text_ends_a_generation_and_is_told", a_stop_text_ends_a_generation_and_is_told},
    {"sessions_together_get_what_each_gets_alone", sessions_together_get_what_each_gets_alone},
    {"a_text_is_held_to_a_grammar", a_text_is_held_to_a_grammar},
    {"a_polled_generation_is_the_one_that_calls_back", a_polled_generation_is_the_one_that_calls_back},
    {"values_out_of_range_are_refused", values_out_of_range_are_refused},
    {"logits_are_those_that_tokens_are_drawn_from", logits_are_those_that_tokens_are_drawn_from},
    {"a_rewound_session_goes_on_from_there", a_rewound_session_goes_on_from_there},
    {"a_session_is_forked_saved_and_restored", a_session_is_forked_saved_and_restored},
    {"a_session_in_use_is_refused_to_its_callbacks", a_session_in_use_is_refused_to_its_callbacks},
    {"sessions_on_two_threads_write_what_one_alone_writes", sessions_on_two_threads_write_what_one_alone_writes},
    {"handles_keep_alive_what_they_need", handles_keep_alive_what_they_need},
    {"two_hundred_loads_leave_nothing_behind", two_hundred_loads_leave_nothing_behind},
    {NULL, NULL}};
