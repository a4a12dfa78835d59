#define _POSIX_C_SOURCE 200809L  // alarm()
#include <signal.h>
#include <stdio.h>
#include <tritium/tritium.h>
#include <unistd.h>

static tritium_cancel* cancel;

static void on_signal(int number) {
  (void)number;
  tritium_cancel_set(cancel);
}

static int32_t print(void* data, const tritium_token* token) {
  (void)data;
  fwrite(token->text, 1, token->text_size, stdout);
  return fflush(stdout);
}

int main(void) {
  tritium_error error = {.size = sizeof error};
  tritium_runtime* runtime = NULL;
  tritium_model* model = NULL;
  tritium_session* session = NULL;
  tritium_generation generation = {.size = sizeof generation};
  const char text[] = "Once upon a time";
  int32_t prompt[64];
  uint64_t n = 0;
  tritium_generate_options options;
  tritium_generate_options_init(&options, sizeof options);
  options.max_tokens = 1000000;
  options.ignore_end = 1;
  options.when_full = TRITIUM_WHEN_FULL_SLIDE;
  int done = tritium_cancel_create(&cancel, &error) == TRITIUM_OK &&
             tritium_runtime_create(NULL, &runtime, &error) == TRITIUM_OK &&
             tritium_model_load(runtime, "model.gguf", NULL, &model, &error) == TRITIUM_OK &&
             tritium_session_create(model, NULL, &session, &error) == TRITIUM_OK &&
             tritium_tokenize(model, text, sizeof text - 1, prompt, 64, &n, &error) == TRITIUM_OK;
  options.cancel = cancel;
  int cancelled = 0;
  if (done) {
    signal(SIGINT, on_signal);  // Ctrl-C,
    signal(SIGALRM, on_signal);
    alarm(1);  // or a second
    const tritium_status status =
        tritium_session_generate(session, prompt, n, &options, print, NULL, &generation, &error);
    cancelled = status == TRITIUM_CANCELLED || generation.stop == TRITIUM_STOP_CANCELLED;  // in the prompt, or later
    done = status == TRITIUM_OK || status == TRITIUM_CANCELLED;
    signal(SIGINT, SIG_DFL);
    alarm(0);
  }
  if (done)
    printf("\nafter %lld tokens: %s\n", (long long)generation.tokens, cancelled ? "cancelled" : "whole");
  else
    fprintf(stderr, "%s\n", error.message);
  tritium_session_release(session);
  tritium_model_release(model);
  tritium_runtime_release(runtime);
  tritium_cancel_release(cancel);
  return done ? 0 : 1;
}
