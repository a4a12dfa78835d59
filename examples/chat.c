#include <stdio.h>
#include <tritium/tritium.h>

static char chat[1 << 16];  // the messages, as JSON
static uint64_t size;

static void put(const char* json) {
  for (; *json && size + 1 < sizeof chat; ++json) chat[size++] = *json;
}

static void put_text(const char* text, uint64_t n) {
  for (uint64_t i = 0; i < n; ++i) {
    const char escaped[] = {'\\', text[i], '\0'};
    char code[8];
    snprintf(code, sizeof code, "\\u%04x", (unsigned char)text[i]);
    put(text[i] == '"' || text[i] == '\\' ? escaped : (unsigned char)text[i] < ' ' ? code : escaped + 1);
  }
}

static int32_t print(void* data, const tritium_token* token) {
  (void)data;
  fwrite(token->text, 1, token->text_size, stdout);
  put_text(token->text, token->text_size);
  return 0;
}

int main(void) {
  const char* const questions[] = {"What is 1 + 1?", "And twice that?"};
  const char* const stop[] = {"\nuser:"};
  tritium_error error = {.size = sizeof error};
  tritium_runtime* runtime = NULL;
  tritium_model* model = NULL;
  tritium_session* session = NULL;
  static int32_t tokens[4096];
  tritium_chat_options as;
  tritium_chat_options_init(&as, sizeof as);
  tritium_generate_options options;
  tritium_generate_options_init(&options, sizeof options);
  options.max_tokens = 60;
  options.stop = stop;
  options.n_stop = 1;
  int done = tritium_runtime_create(NULL, &runtime, &error) == TRITIUM_OK &&
             tritium_model_load(runtime, "model.gguf", NULL, &model, &error) == TRITIUM_OK &&
             tritium_session_create(model, NULL, &session, &error) == TRITIUM_OK;
  if (!tritium_has_chat_template(model))
    as.chat_template = "{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:";
  put("[{\"role\": \"system\", \"content\": \"Be brief.\"}");
  for (int i = 0; done && i < 2; ++i) {
    uint64_t n = 0;
    put(", {\"role\": \"user\", \"content\": \"");
    put(questions[i]);
    put("\"}]");
    done = tritium_format_chat(model, chat, size, &as, NULL, 0, NULL, tokens, 4096, &n, &error) == TRITIUM_OK;
    --size;  // the conversation goes on
    put(", {\"role\": \"assistant\", \"content\": \"");
    done = done && tritium_session_rewind(session, 0, &error) == TRITIUM_OK &&
           tritium_session_generate(session, tokens, n, &options, print, NULL, NULL, &error) == TRITIUM_OK;
    put("\"}");
    puts("");
  }
  if (!done) fprintf(stderr, "%s\n", error.message);
  tritium_session_release(session);
  tritium_model_release(model);
  tritium_runtime_release(runtime);
  return done ? 0 : 1;
}
