#include <stdio.h>
#include <tritium/tritium.h>

static int32_t print(void* data, const tritium_token* token) {
  (void)data;
  fwrite(token->text, 1, token->text_size, stdout);
  return 0;  // anything else stops
}

int main(void) {
  tritium_error error = {.size = sizeof error};
  tritium_runtime* runtime = NULL;
  tritium_model* model = NULL;
  tritium_session* session = NULL;
  const char text[] = "Once upon a time";
  int32_t prompt[64];
  uint64_t n = 0;
  tritium_generate_options options;
  tritium_generate_options_init(&options, sizeof options);
  options.max_tokens = 60;
  int done = tritium_runtime_create(NULL, &runtime, &error) == TRITIUM_OK &&
             tritium_model_load(runtime, "model.gguf", NULL, &model, &error) == TRITIUM_OK &&
             tritium_session_create(model, NULL, &session, &error) == TRITIUM_OK &&
             tritium_tokenize(model, text, sizeof text - 1, prompt, 64, &n, &error) == TRITIUM_OK &&
             tritium_session_generate(session, prompt, n, &options, print, NULL, NULL, &error) == TRITIUM_OK;
  if (!done) fprintf(stderr, "%s\n", error.message);
  tritium_session_release(session);
  tritium_model_release(model);
  tritium_runtime_release(runtime);
  return done ? 0 : 1;
}
