/* Structs of other sizes, errors of other sizes, null pointers. */
#include "check.h"

/* A struct of a later header: what it adds is zero, or not. */
typedef struct LaterOptions {
  tritium_runtime_options known;
  uint64_t added;
} LaterOptions;

static void options_of_a_later_header_are_taken_while_zero(const Material* material) {
  (void)material;
  tritium_error error = {.size = sizeof error};
  tritium_runtime* runtime = NULL;
  LaterOptions later;
  memset(&later, 0xff, sizeof later);
  tritium_runtime_options_init(&later.known, sizeof later);
  CHECK(later.known.size == sizeof later && later.added == 0 && !later.known.backend);
  later.known.backend = "cpu";
  CHECK_OK(tritium_runtime_create(&later.known, &runtime, &error));
  tritium_runtime_release(runtime);
  later.added = 1;
  CHECK_STATUS(TRITIUM_UNSUPPORTED, tritium_runtime_create(&later.known, &runtime, &error));
  CHECK(!runtime && strstr(error.message, "tritium_runtime_options"));
}

static void sizes_that_were_never_set_are_refused(const Material* material) {
  tritium_error error = {.size = sizeof error};
  tritium_runtime* runtime = NULL;
  const uint64_t sizes[] = {0, 4, sizeof(tritium_runtime_options) - 1, 4097, UINT64_MAX};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; ++i) {
    const tritium_runtime_options options = {.size = sizes[i], .backend = "cpu"};
    CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_runtime_create(&options, &runtime, &error));
    CHECK(!runtime && strstr(error.message, "sizeof(tritium_runtime_options)"));
  }
  tritium_info* info = NULL;
  tritium_facts facts = {.size = 0};
  CHECK_OK(tritium_inspect(material->model, &info, &error));
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_info_facts(info, &facts, &error));
  tritium_info_release(info);
}

/* What a later header adds to a struct that is given is zero, and nothing beyond is touched. */
static void what_a_later_header_adds_to_results_is_zero(const Material* material) {
  struct {
    tritium_facts known;
    uint64_t added, beyond;
  } later;
  tritium_error error = {.size = sizeof error};
  tritium_info* info = NULL;
  CHECK_OK(tritium_inspect(material->model, &info, &error));
  later.known.size = sizeof later.known + 8;
  later.added = later.beyond = 7;
  CHECK_OK(tritium_info_facts(info, &later.known, &error));
  CHECK(later.known.size == sizeof later.known + 8 && later.added == 0 && later.beyond == 7);
  tritium_info_release(info);
}

/* As a program has them that was compiled before they had experts. */
static void structs_of_an_earlier_header_are_taken(const Material* material) {
  const int32_t prompt[] = {1, 70};
  tritium_error error = {.size = sizeof error};
  Loaded loaded = load(material, "cpu");
  tritium_generate_options options;
  tritium_generate_options_init(&options, sizeof options);
  options.size = offsetof(tritium_generate_options, experts);
  options.experts = 1;
  tritium_token token = {.size = offsetof(tritium_token, experts), .n_experts = 7};
  int32_t more = 0;
  CHECK_OK(tritium_session_begin(loaded.session, prompt, 2, &options, &error));
  CHECK_OK(tritium_session_next(loaded.session, &token, &more, &error));
  CHECK(more && token.id >= 0 && token.n_experts == 7);
  options.size -= 8;
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_session_begin(loaded.session, prompt, 2, &options, &error));
  unload(loaded);
}

static void a_message_is_cut_to_the_callers_room(const Material* material) {
  (void)material;
  tritium_info* info = NULL;
  tritium_error whole = {.size = sizeof whole};
  union {
    tritium_error error;
    char bytes[sizeof(tritium_error)];
  } cut;
  memset(&cut, 'x', sizeof cut);
  cut.error.size = offsetof(tritium_error, message) + 8;
  CHECK(tritium_inspect("no such file", &info, &whole) == TRITIUM_NOT_FOUND);
  CHECK(tritium_inspect("no such file", &info, &cut.error) == TRITIUM_NOT_FOUND);
  CHECK(whole.message_size == strlen(whole.message) && cut.error.message_size == whole.message_size);
  CHECK(strlen(cut.error.message) == 7 && strncmp(cut.error.message, whole.message, 7) == 0);
  CHECK(cut.error.message[8] == 'x');
  cut.error.size = 8;  // no room for anything
  cut.error.status = 77;
  CHECK(tritium_inspect("no such file", &info, &cut.error) == TRITIUM_NOT_FOUND && cut.error.status == 77);
  CHECK(tritium_inspect("no such file", &info, NULL) == TRITIUM_NOT_FOUND);
}

/* A path of characters of three bytes each: none is cut in two. */
static void a_message_is_cut_between_characters(const Material* material) {
  (void)material;
  static tritium_error error = {.size = sizeof error};
  static char path[3 * 700 + 1];
  tritium_info* info = NULL;
  for (int i = 0; i < 700; ++i) memcpy(path + 3 * i, "\xE2\x82\xAC", 3);
  CHECK(tritium_inspect(path, &info, &error) != TRITIUM_OK);
  const size_t n = strlen(error.message);
  CHECK(error.message_size > n && n >= sizeof error.message - 4);
  CHECK(memcmp(error.message + n - 3, "\xE2\x82\xAC", 3) == 0);
}

#define REFUSED(call) CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, call)
static void null_is_refused_everywhere(const Material* material) {
  tritium_error error = {.size = sizeof error};
  Loaded loaded = load(material, "cpu");
  tritium_runtime* runtime = loaded.runtime;
  tritium_model* model = NULL;
  tritium_session* session = NULL;
  tritium_log_probability top;
  float logits[300];
  int32_t token = 0;
  REFUSED(tritium_cancel_create(NULL, &error));
  REFUSED(tritium_devices_list(NULL, &error));
  REFUSED(tritium_devices_get(NULL, 0, NULL, &error));
  REFUSED(tritium_runtime_create(NULL, NULL, &error));
  REFUSED(tritium_inspect(NULL, NULL, &error));
  REFUSED(tritium_info_facts(NULL, NULL, &error));
  REFUSED(tritium_info_memory(NULL, 0, NULL, &error));
  REFUSED(tritium_info_tensor(NULL, 0, NULL, &error));
  REFUSED(tritium_model_load(NULL, "x", NULL, &model, &error));
  REFUSED(tritium_model_load(runtime, NULL, NULL, &model, &error));
  REFUSED(tritium_model_load(runtime, "x", NULL, NULL, &error));
  REFUSED(tritium_model_info(NULL, NULL, &error));
  REFUSED(tritium_tokenize(NULL, "x", 1, NULL, 0, NULL, &error));
  REFUSED(tritium_tokenize(loaded.model, NULL, 1, NULL, 0, NULL, &error));
  REFUSED(tritium_tokenize(loaded.model, "x", UINT64_MAX, NULL, 0, NULL, &error));
  REFUSED(tritium_tokenize(loaded.model, "x", 1, NULL, 100, NULL, &error));
  REFUSED(tritium_detokenize(NULL, NULL, 0, NULL, 0, NULL, &error));
  REFUSED(tritium_detokenize(loaded.model, NULL, 3, NULL, 0, NULL, &error));
  REFUSED(tritium_format_chat(NULL, "[]", 2, NULL, NULL, 0, NULL, NULL, 0, NULL, &error));
  REFUSED(tritium_tool_grammar(NULL, "[]", 2, NULL, NULL, 0, NULL, &error));
  REFUSED(tritium_parse_reply(NULL, "x", 1, NULL, NULL, 0, NULL, &error));
  REFUSED(tritium_parse_reply(loaded.model, NULL, 1, NULL, NULL, 0, NULL, &error));
  REFUSED(tritium_parse_reply_tokens(NULL, &token, 1, NULL, NULL, 0, NULL, &error));
  REFUSED(tritium_parse_reply_tokens(loaded.model, NULL, 1, NULL, NULL, 0, NULL, &error));
  REFUSED(tritium_reply_stream_create(NULL, NULL, NULL, &error));
  REFUSED(tritium_reply_stream_append(NULL, "x", 1, NULL, &error));
  REFUSED(tritium_reply_stream_append_token(NULL, 1, NULL, &error));
  REFUSED(tritium_reply_stream_finish(NULL, NULL, &error));
  REFUSED(tritium_embed(NULL, "x", 1, NULL, NULL, 0, NULL, &error));
  REFUSED(tritium_sampler_create(NULL, NULL, &error));
  REFUSED(tritium_sampler_sample(NULL, logits, 300, &token, &error));
  REFUSED(tritium_sampler_accept(NULL, 1, &error));
  REFUSED(tritium_session_create(NULL, NULL, &session, &error));
  REFUSED(tritium_session_create(loaded.model, NULL, NULL, &error));
  REFUSED(tritium_session_rewind(NULL, 0, &error));
  REFUSED(tritium_session_fork(NULL, &session, &error));
  REFUSED(tritium_session_fork(loaded.session, NULL, &error));
  REFUSED(tritium_session_save(NULL, NULL, 0, NULL, &error));
  REFUSED(tritium_session_restore(NULL, NULL, 0, &error));
  REFUSED(tritium_session_restore(loaded.session, NULL, 1, &error));
  REFUSED(tritium_session_feed(NULL, &token, 1, NULL, &error));
  REFUSED(tritium_session_feed(loaded.session, NULL, 1, NULL, &error));
  REFUSED(tritium_session_logits(NULL, logits, 300, NULL, &error));
  REFUSED(tritium_session_top(NULL, 1, &top, &error));
  REFUSED(tritium_session_top(loaded.session, 1, NULL, &error));
  REFUSED(tritium_session_generate(NULL, &token, 1, NULL, NULL, NULL, NULL, &error));
  REFUSED(tritium_session_generate(loaded.session, NULL, 1, NULL, NULL, NULL, NULL, &error));
  REFUSED(tritium_session_begin(NULL, &token, 1, NULL, &error));
  REFUSED(tritium_session_next(NULL, NULL, NULL, &error));
  REFUSED(tritium_session_generation(NULL, NULL, &error));
  REFUSED(tritium_train_make_plan("{}", 2, NULL, &error));
  REFUSED(tritium_train(NULL, 2, NULL, NULL, &error));
  REFUSED(tritium_trainer_create("{}", 2, NULL, NULL, &error));
  REFUSED(tritium_trainer_step(NULL, 1, NULL, NULL, &error));
  REFUSED(tritium_trainer_evaluate(NULL, NULL, NULL, &error));
  REFUSED(tritium_trainer_save(NULL, "x", &error));
  REFUSED(tritium_trainer_export(NULL, "x", NULL, NULL, &error));
  CHECK(!tritium_trainer_has_ended(NULL));
  CHECK(!model && !session && tritium_session_position(NULL) == 0 && tritium_session_context(NULL) == 0);
  CHECK(tritium_begin_of_text(NULL) == -1 && tritium_end_of_text(NULL) == -1 && !tritium_has_chat_template(NULL));
  CHECK(!tritium_runtime_backend(NULL) && !tritium_runtime_reason(NULL) && !tritium_info_warning(NULL, 0));
  CHECK(tritium_devices_count(NULL) == 0 && !tritium_cancel_is_set(NULL));
  tritium_cancel_set(NULL);
  tritium_cancel_clear(NULL);
  tritium_runtime_options_init(NULL, 100);
  tritium_cancel_release(NULL);
  tritium_devices_release(NULL);
  tritium_info_release(NULL);
  tritium_sampler_release(NULL);
  unload((Loaded){NULL, NULL, NULL});
  unload(loaded);
}

const Test kStructTests[] = {
    {"options_of_a_later_header_are_taken_while_zero", options_of_a_later_header_are_taken_while_zero},
    {"sizes_that_were_never_set_are_refused", sizes_that_were_never_set_are_refused},
    {"what_a_later_header_adds_to_results_is_zero", what_a_later_header_adds_to_results_is_zero},
    {"structs_of_an_earlier_header_are_taken", structs_of_an_earlier_header_are_taken},
    {"a_message_is_cut_to_the_callers_room", a_message_is_cut_to_the_callers_room},
    {"a_message_is_cut_between_characters", a_message_is_cut_between_characters},
    {"null_is_refused_everywhere", null_is_refused_everywhere},
    {NULL, NULL}};
