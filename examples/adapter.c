#include <stdio.h>
#include <tritium/training.h>
#include <tritium/tritium.h>

static const char config[] =
    "{\"model\": \"model.gguf\", \"data\": [\"book.txt\"], \"steps\": 4, \"context\": 32, \"batch\": 2,"
    " \"attention\": \"lora\", \"feed_forward\": \"lora\", \"embedding\": \"frozen\", \"head\": \"frozen\","
    " \"norms\": \"frozen\", \"routers\": \"frozen\", \"export_type\": \"adapter\", \"output\": \"adapter.gguf\"}";

static int32_t print(void* data, const tritium_token* token) {
  (void)data;
  fwrite(token->text, 1, token->text_size, stdout);
  return 0;
}

int main(void) {
  tritium_error error = {.size = sizeof error};
  tritium_runtime* runtime = NULL;
  tritium_model* model = NULL;
  tritium_session* session = NULL;
  tritium_adapter* adapter = NULL;
  tritium_train_report report = {.size = sizeof report};
  int32_t prompt[16];
  uint64_t n = 0;
  int done =
      tritium_runtime_create(NULL, &runtime, &error) == TRITIUM_OK &&
      tritium_model_load(runtime, "model.gguf", NULL, &model, &error) == TRITIUM_OK &&
      tritium_session_create(model, NULL, &session, &error) == TRITIUM_OK &&
      tritium_tokenize(model, "Once", 4, prompt, 16, &n, &error) == TRITIUM_OK &&
      tritium_session_generate(session, prompt, n, NULL, print, NULL, NULL, &error) == TRITIUM_OK &&
      tritium_train(config, sizeof config - 1, NULL, &report, &error) == TRITIUM_OK &&  // the model stays as it is
      tritium_adapter_load(model, "adapter.gguf", NULL, &adapter, &error) == TRITIUM_OK &&
      tritium_session_attach(session, adapter, 0.8, &error) == TRITIUM_OK &&
      printf("\nheld-out loss %.2f -> %.2f\n", report.first_valid_loss, report.valid_loss) > 0 &&
      tritium_session_rewind(session, 0, &error) == TRITIUM_OK &&
      tritium_session_generate(session, prompt, n, NULL, print, NULL, NULL, &error) == TRITIUM_OK;
  if (!done) fprintf(stderr, "%s\n", error.message);
  tritium_adapter_release(adapter);
  tritium_session_release(session);
  tritium_model_release(model);
  tritium_runtime_release(runtime);
  return done ? 0 : 1;
}
