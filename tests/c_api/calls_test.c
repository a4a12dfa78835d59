/* Versions, devices, runtimes, model files, text. */
#include "check.h"

static void the_version_is_the_headers(const Material* material) {
  (void)material;
  char expected[32];
  snprintf(expected, sizeof expected, "%d.%d.%d", TRITIUM_VERSION_MAJOR, TRITIUM_VERSION_MINOR, TRITIUM_VERSION_PATCH);
  CHECK(tritium_version() == TRITIUM_VERSION);
  CHECK(strcmp(tritium_version_string(), expected) == 0);
  CHECK(strcmp(tritium_status_name(TRITIUM_CORRUPT_FILE), "corrupt_file") == 0);
  CHECK(strcmp(tritium_status_name(TRITIUM_BUFFER_TOO_SMALL), "buffer_too_small") == 0);
  CHECK(strcmp(tritium_status_name(-1), "unknown") == 0 && strcmp(tritium_status_name(11), "unknown") == 0);
}

static void devices_are_listed_and_one_is_chosen(const Material* material) {
  (void)material;
  tritium_error error = {.size = sizeof error};
  tritium_devices* devices = NULL;
  tritium_device device = {.size = sizeof device};
  int chosen = 0, cpus = 0;
  CHECK_OK(tritium_devices_list(&devices, &error));
  const uint64_t n = tritium_devices_count(devices);
  for (uint64_t i = 0; i < n; ++i) {
    CHECK_OK(tritium_devices_get(devices, i, &device, &error));
    CHECK(device.backend[0] != '\0' && (device.available || device.reason[0] != '\0'));
    for (uint64_t f = 0; f < device.n_features; ++f) CHECK(device.features[f][0] != '\0');
    chosen += device.chosen_by_auto;
    cpus += strcmp(device.backend, "cpu") == 0;
  }
  CHECK(chosen == 1 && cpus == 1);
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_devices_get(devices, n, &device, &error));
  tritium_devices_release(devices);
}

static void a_runtime_says_why_it_was_chosen(const Material* material) {
  (void)material;
  tritium_error error = {.size = sizeof error};
  tritium_runtime* runtime = NULL;
  CHECK_OK(tritium_runtime_create(NULL, &runtime, &error));
  const int gpu = strncmp(tritium_runtime_backend(runtime), "vulkan:", 7) == 0;
  CHECK(strncmp(tritium_runtime_reason(runtime), "auto: ", 6) == 0);
  CHECK(gpu || strstr(tritium_runtime_reason(runtime), "using the CPU"));
  tritium_runtime_release(runtime);
  tritium_runtime_options strict = {.size = sizeof strict, .strict = 1};
  CHECK_STATUS(gpu ? TRITIUM_OK : TRITIUM_NOT_FOUND, tritium_runtime_create(&strict, &runtime, &error));
  CHECK(gpu || (!runtime && strstr(error.message, "strict")));
  tritium_runtime_release(runtime);
}

static void unknown_backends_and_layouts_are_refused(const Material* material) {
  (void)material;
  tritium_error error = {.size = sizeof error};
  tritium_runtime* runtime = NULL;
  tritium_runtime_options options = {.size = sizeof options, .backend = "cuda"};
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_runtime_create(&options, &runtime, &error));
  CHECK(strstr(error.message, "auto, reference, cpu, vulkan") && error.status == TRITIUM_INVALID_ARGUMENT);
  options = (tritium_runtime_options){.size = sizeof options, .backend = "cpu", .layout = 3};
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_runtime_create(&options, &runtime, &error));
  CHECK(strstr(error.message, "layout is 3") && !runtime);
}

static int g_lines;
static void count_line(void* data, int32_t level, const char* line, uint64_t size) {
  CHECK(data == &g_lines && level >= TRITIUM_LOG_DEBUG && level <= TRITIUM_LOG_ERROR);
  CHECK(strlen(line) == size && !strchr(line, '\n'));
  ++g_lines;
}
static void the_log_goes_to_its_sink(const Material* material) {
  (void)material;
  tritium_error error = {.size = sizeof error};
  tritium_runtime* runtime = NULL;
  tritium_runtime_options options = {.size = sizeof options, .backend = "cpu", .log = count_line, .log_data = &g_lines};
  CHECK_OK(tritium_runtime_create(&options, &runtime, &error));
  CHECK(g_lines > 0);
  tritium_runtime_release(runtime);
}

static void a_file_is_inspected_and_loaded_with_the_same_facts(const Material* material) {
  tritium_error error = {.size = sizeof error};
  tritium_info *inspected = NULL, *info = NULL;
  tritium_facts a = {.size = sizeof a}, b = {.size = sizeof b};
  Loaded loaded = load(material, "cpu");
  CHECK_OK(tritium_inspect(material->model, &inspected, &error));
  CHECK_OK(tritium_model_info(loaded.model, &info, &error));
  unload(loaded);  // the info stays
  CHECK_OK(tritium_info_facts(inspected, &a, &error));
  CHECK_OK(tritium_info_facts(info, &b, &error));
  CHECK(strcmp(b.architecture, "maple") == 0 && strcmp(b.path, material->model) == 0 && strcmp(a.path, b.path) == 0);
  CHECK(b.dim == 256 && b.n_layers == 4 && b.n_experts == 8 && b.context_length == 512 && b.has_tokenizer);
  CHECK(a.parameters == b.parameters && a.n_tensors == b.n_tensors && a.n_memory == b.n_memory && a.n_memory > 0);
  tritium_memory memory = {.size = sizeof memory};
  CHECK_OK(tritium_info_memory(info, 0, &memory, &error));
  CHECK(memory.weight_bytes > 0 && memory.kv_bytes_per_token > 0 && memory.work_bytes > 0);
  tritium_tensor tensor = {.size = sizeof tensor};
  CHECK_OK(tritium_info_tensor(info, b.n_tensors - 1, &tensor, &error));
  CHECK(tensor.name[0] && tensor.type[0] && tensor.n_dims > 0 && tensor.shape[0] > 0 && tensor.bytes > 0);
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_info_tensor(info, b.n_tensors, &tensor, &error));
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_info_memory(info, b.n_memory, &memory, &error));
  CHECK(!tritium_info_warning(info, b.n_warnings));
  tritium_info_release(info);
  tritium_info_release(inspected);
}

/* The first half of the model, and a file that is no model. */
static void damaged_files_are_refused(const Material* material) {
  tritium_error error = {.size = sizeof error};
  tritium_runtime* runtime = NULL;
  tritium_model* model = NULL;
  tritium_info* info = NULL;
  char path[4096];
  static char bytes[1 << 20];
  snprintf(path, sizeof path, "%s/damaged.gguf", material->folder);
  FILE* whole = fopen(material->model, "rb");
  FILE* half = fopen(path, "wb");
  CHECK(whole && half);
  CHECK(fwrite(bytes, 1, fread(bytes, 1, sizeof bytes, whole), half) == sizeof bytes);
  fclose(whole);
  fclose(half);
  CHECK_OK(tritium_runtime_create(&(tritium_runtime_options){.size = sizeof(tritium_runtime_options), .backend = "cpu"},
                                  &runtime, &error));
  CHECK_STATUS(TRITIUM_CORRUPT_FILE, tritium_model_load(runtime, path, NULL, &model, &error));
  CHECK(!model && strstr(error.message, "damaged.gguf"));
  CHECK_STATUS(TRITIUM_CORRUPT_FILE, tritium_inspect(path, &info, &error));
  CHECK_STATUS(TRITIUM_NOT_FOUND, tritium_model_load(runtime, "no such file", NULL, &model, &error));
  CHECK(!model && !info && error.status == TRITIUM_NOT_FOUND);
  remove(path);
  tritium_runtime_release(runtime);
}

static void text_becomes_tokens_and_comes_back(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const char text[] = "a\0b,\xF0\x9F\x98\x80"; /* a zero byte, and a character of four */
  int32_t tokens[64];
  char back[64];
  uint64_t n = 0, size = 0;
  Loaded loaded = load(material, "cpu");
  CHECK_STATUS(TRITIUM_BUFFER_TOO_SMALL, tritium_tokenize(loaded.model, text, sizeof text - 1, NULL, 0, &n, &error));
  CHECK(n > 1 && n <= 64);
  CHECK_OK(tritium_tokenize(loaded.model, text, sizeof text - 1, tokens, n, &n, &error));
  CHECK(error.message[0] == '\0' && error.status == TRITIUM_OK);
  CHECK(tokens[0] == tritium_begin_of_text(loaded.model) && tritium_end_of_text(loaded.model) >= 0);
  CHECK_OK(tritium_detokenize(loaded.model, tokens, n, back, sizeof back, &size, &error));
  const uint64_t prefix = size - (sizeof text - 1); /* the space that this vocabulary puts before a text */
  CHECK(size >= sizeof text - 1 && prefix <= 3 && memcmp(back + prefix, text, sizeof text - 1) == 0);
  tokens[0] = 1 << 30;
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_detokenize(loaded.model, tokens, 1, back, sizeof back, &size, &error));
  unload(loaded);
}

static void a_conversation_is_formatted(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const char messages[] = "[{\"role\": \"user\", \"content\": \"hi\"}]";
  char text[64];
  int32_t tokens[64];
  uint64_t size = 0, n = 0;
  tritium_chat_options options = {.size = sizeof options};
  Loaded loaded = load(material, "cpu");
  CHECK(!tritium_has_chat_template(loaded.model));
  CHECK_STATUS(TRITIUM_NOT_FOUND, tritium_format_chat(loaded.model, messages, sizeof messages - 1, &options, text, 64,
                                                      &size, tokens, 64, &n, &error));
  options.chat_template = "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}";
  CHECK_STATUS(TRITIUM_BUFFER_TOO_SMALL, tritium_format_chat(loaded.model, messages, sizeof messages - 1, &options,
                                                             text, 64, &size, NULL, 0, &n, &error));
  CHECK(size == 8 && n > 8 && n <= 64);
  CHECK_OK(tritium_format_chat(loaded.model, messages, sizeof messages - 1, &options, text, 64, &size, tokens, 64, &n,
                               &error));
  CHECK(size == 8 && memcmp(text, "<user>hi", 8) == 0 && tokens[0] == tritium_begin_of_text(loaded.model));
  CHECK_STATUS(TRITIUM_CORRUPT_FILE,
               tritium_format_chat(loaded.model, "[", 1, &options, text, 64, &size, NULL, 0, NULL, &error));
  unload(loaded);
}

static int is_text(const char* buffer, uint64_t size, const char* text) {
  return size == strlen(text) && memcmp(buffer, text, size) == 0;
}

static void a_reply_is_taken_apart(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const char reply[] = "<think>\nt</think>\nHi <tool_call>{\"name\": \"f\", \"arguments\": {\"a\": 1.0}}</tool_call>";
  const char* meaning =
      "{\"content\": \"Hi\", \"reasoning_content\": \"t\", \"tool_calls\": [{\"type\": \"function\", \"function\": "
      "{\"name\": \"f\", \"arguments\": {\"a\": 1.0}}}]}";
  char json[8192];
  uint64_t size = 0;
  tritium_chat_options options = {.size = sizeof options};
  Loaded loaded = load(material, "cpu");
  // Without a template all is content.
  CHECK_OK(tritium_parse_reply(loaded.model, "<think>", 7, NULL, json, sizeof json, &size, &error));
  CHECK(is_text(json, size, "{\"content\": \"<think>\", \"reasoning_content\": \"\", \"tool_calls\": []}"));
  options.chat_template = "{# <think> </think> <tool_call> </tool_call> #}";
  CHECK_STATUS(TRITIUM_BUFFER_TOO_SMALL,
               tritium_parse_reply(loaded.model, reply, sizeof reply - 1, &options, NULL, 0, &size, &error));
  CHECK(size == strlen(meaning));
  CHECK_OK(tritium_parse_reply(loaded.model, reply, sizeof reply - 1, &options, json, sizeof json, &size, &error));
  CHECK(is_text(json, size, meaning));
  int32_t tokens[256];
  uint64_t n = 0;
  const char call[] = "<tool_call>{\"name\":\"f\",\"arguments\":{\"a\":1.0}}";
  CHECK_OK(tritium_tokenize(loaded.model, call, sizeof call - 1, tokens, 256, &n, &error));
  CHECK_OK(tritium_parse_reply_tokens(loaded.model, tokens, n, &options, json, sizeof json - 1, &size, &error));
  json[size] = 0;
  CHECK(strstr(json, "\"arguments\": {\"a\":1.0}"));
  tokens[0] = 1 << 30;
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT,
               tritium_parse_reply_tokens(loaded.model, tokens, 1, &options, json, sizeof json, &size, &error));
  CHECK_OK(tritium_tool_grammar(loaded.model, "[]", 2, &options, json, sizeof json, &size, &error));
  CHECK(is_text(json, size, "{\"grammar\": \"\", \"triggers\": []}"));
  options.tools = "[{\"name\": \"f\"}]";
  CHECK_OK(tritium_tool_grammar(loaded.model, "[]", 2, &options, json, sizeof json - 1, &size, &error));
  json[size] = 0;
  CHECK(size > 200 && strstr(json, "{\"grammar\": \"root ::= ") == json);
  CHECK(strstr(json, ", \"triggers\": [\"<tool_call>\"]}"));
  options.tools = "[";
  CHECK_STATUS(TRITIUM_CORRUPT_FILE,
               tritium_parse_reply(loaded.model, "", 0, &options, json, sizeof json, &size, &error));
  unload(loaded);
}

/* What the parts of a stream come to. */
typedef struct Heard {
  char content[256], reasoning[256], calls[256];
} Heard;

static void hear(Heard* heard, const tritium_reply_part* part) {
  strncat(heard->content, part->content, part->content_size);
  strncat(heard->reasoning, part->reasoning_content, part->reasoning_content_size);
  strncat(heard->calls, part->tool_calls, part->tool_calls_size);
}

static void a_reply_is_taken_apart_as_it_comes(const Material* material) {
  tritium_error error = {.size = sizeof error};
  const char reply[] = "<think>\nt u</think>\nHi  you <tool_call>{\"name\": \"f\", \"arguments\": {}}</tool_call>";
  tritium_chat_options options = {.size = sizeof options};
  options.chat_template = "{# <think> </think> <tool_call> </tool_call> #}";
  Loaded loaded = load(material, "cpu");
  for (uint64_t piece = 1; piece < sizeof reply; piece *= 3) {
    tritium_reply_stream* stream = NULL;
    tritium_reply_part part = {.size = sizeof part};
    Heard heard = {"", "", ""};
    CHECK_OK(tritium_reply_stream_create(loaded.model, &options, &stream, &error));
    for (uint64_t at = 0; at < sizeof reply - 1; at += piece) {
      const uint64_t left = sizeof reply - 1 - at;
      CHECK_OK(tritium_reply_stream_append(stream, reply + at, left < piece ? left : piece, &part, &error));
      hear(&heard, &part);
      if (strchr(heard.reasoning, 'u') == NULL) CHECK(heard.content[0] == 0);
    }
    CHECK_OK(tritium_reply_stream_finish(stream, &part, &error));
    hear(&heard, &part);
    CHECK(strcmp(heard.content, "Hi  you") == 0 && strcmp(heard.reasoning, "t u") == 0);
    CHECK(strstr(heard.calls, "\"name\": \"f\""));
    CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_reply_stream_append(stream, "x", 1, &part, &error));
    CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_reply_stream_finish(stream, &part, &error));
    tritium_reply_stream_release(stream);
  }
  enum { kBeforeText = 4 }; /* the beginning of a text, and a space, which bytes do not bring back */
  int32_t tokens[64];
  const uint64_t n = tokens_of(loaded.model, "<think>t</think>Hi", tokens, 64);
  tritium_reply_stream* stream = NULL;
  tritium_reply_part part = {.size = sizeof part};
  Heard heard = {"", "", ""};
  CHECK_OK(tritium_reply_stream_create(loaded.model, &options, &stream, &error));
  for (uint64_t i = kBeforeText; i < n; ++i) {
    CHECK_OK(tritium_reply_stream_append_token(stream, tokens[i], &part, &error));
    hear(&heard, &part);
  }
  CHECK_OK(tritium_reply_stream_finish(stream, &part, &error));
  hear(&heard, &part);
  CHECK(strcmp(heard.content, "Hi") == 0 && strcmp(heard.reasoning, "t") == 0 && heard.calls[0] == 0);
  tritium_reply_stream_release(stream);
  CHECK_OK(tritium_reply_stream_create(loaded.model, NULL, &stream, &error));
  unload(loaded); /* a stream needs nobody else */
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_reply_stream_append_token(stream, -1, &part, &error));
  tritium_reply_stream_release(stream);
}

static void a_text_has_a_vector_of_length_one(const Material* material) {
  tritium_error error = {.size = sizeof error};
  float values[256];
  uint64_t n = 0;
  double length = 0;
  Loaded loaded = load(material, "cpu");
  CHECK_STATUS(TRITIUM_BUFFER_TOO_SMALL, tritium_embed(loaded.model, "red", 3, NULL, NULL, 0, &n, &error));
  CHECK(n == 256);
  CHECK_OK(tritium_embed(loaded.model, "red", 3, NULL, values, 256, NULL, &error));
  for (int i = 0; i < 256; ++i) length += (double)values[i] * values[i];
  CHECK(length > 0.999 && length < 1.001);
  const tritium_embedding_options wrong = {.size = sizeof wrong, .pooling = 3};
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_embed(loaded.model, "red", 3, &wrong, values, 256, NULL, &error));
  unload(loaded);
}

const Test kCallTests[] = {
    {"the_version_is_the_headers", the_version_is_the_headers},
    {"devices_are_listed_and_one_is_chosen", devices_are_listed_and_one_is_chosen},
    {"a_runtime_says_why_it_was_chosen", a_runtime_says_why_it_was_chosen},
    {"unknown_backends_and_layouts_are_refused", unknown_backends_and_layouts_are_refused},
    {"the_log_goes_to_its_sink", the_log_goes_to_its_sink},
    {"a_file_is_inspected_and_loaded_with_the_same_facts", a_file_is_inspected_and_loaded_with_the_same_facts},
    {"damaged_files_are_refused", damaged_files_are_refused},
    {"text_becomes_tokens_and_comes_back", text_becomes_tokens_and_comes_back},
    {"a_conversation_is_formatted", a_conversation_is_formatted},
    {"a_reply_is_taken_apart", a_reply_is_taken_apart},
    {"a_reply_is_taken_apart_as_it_comes", a_reply_is_taken_apart_as_it_comes},
    {"a_text_has_a_vector_of_length_one", a_text_has_a_vector_of_length_one},
    {NULL, NULL}};
