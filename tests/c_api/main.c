/* c_api_test MODEL FOLDER TEST: runs one test of the C ABI. */
#define _POSIX_C_SOURCE 200809L
#include <time.h>

#include "check.h"

Loaded load(const Material* material, const char* backend) {
  tritium_error error = {.size = sizeof error};
  Loaded loaded = {NULL, NULL, NULL};
  tritium_runtime_options options;
  tritium_runtime_options_init(&options, sizeof options);
  options.backend = backend;
  CHECK_OK(tritium_runtime_create(&options, &loaded.runtime, &error));
  CHECK_OK(tritium_model_load(loaded.runtime, material->model, NULL, &loaded.model, &error));
  CHECK_OK(tritium_session_create(loaded.model, NULL, &loaded.session, &error));
  return loaded;
}

void unload(Loaded loaded) {
  tritium_session_release(loaded.session);
  tritium_model_release(loaded.model);
  tritium_runtime_release(loaded.runtime);
}

uint64_t tokens_of(const tritium_model* model, const char* text, int32_t* tokens, uint64_t capacity) {
  tritium_error error = {.size = sizeof error};
  uint64_t n = 0;
  CHECK_OK(tritium_tokenize(model, text, strlen(text), tokens, capacity, &n, &error));
  return n;
}

double seconds_now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int main(int argc, char** argv) {
  const Test* tables[] = {kCallTests, kStructTests, kSessionTests, kCancelTests, kParkingTests, kTrainingTests};
  if (argc != 4) return fprintf(stderr, "usage: c_api_test MODEL FOLDER TEST\n"), 2;
  const Material material = {argv[1], argv[2]};
  for (size_t i = 0; i < sizeof tables / sizeof *tables; ++i)
    for (const Test* test = tables[i]; test->name; ++test)
      if (strcmp(test->name, argv[3]) == 0) return test->run(&material), 0;
  return fprintf(stderr, "there is no test %s\n", argv[3]), 2;
}
