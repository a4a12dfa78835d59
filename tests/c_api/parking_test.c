/* Models that are parked, come by descriptor, or have adapters that sessions take on and off. */
#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <unistd.h>

#include "check.h"

static const int32_t kPrompt[] = {1, 70, 80};

static void logits_anew(tritium_session* session, float* logits) {
  tritium_error error = {.size = sizeof error};
  CHECK_OK(tritium_session_rewind(session, 0, &error));
  CHECK_OK(tritium_session_feed(session, kPrompt, 3, NULL, &error));
  CHECK_OK(tritium_session_logits(session, logits, 259, NULL, &error));
}

static void a_parked_model_comes_back_with_the_next_token(const Material* material) {
  tritium_error error = {.size = sizeof error};
  float before[259], after[259];
  Loaded loaded = load(material, "cpu");
  logits_anew(loaded.session, before);
  for (int i = 0; i < 3; ++i) {
    CHECK_OK(tritium_model_park(loaded.model, &error));
    CHECK(tritium_model_is_parked(loaded.model));
    logits_anew(loaded.session, after);
    CHECK(!tritium_model_is_parked(loaded.model) && memcmp(before, after, sizeof before) == 0);
  }
  CHECK_OK(tritium_model_park(loaded.model, &error));
  tritium_cancel* cancel = NULL;
  CHECK_OK(tritium_cancel_create(&cancel, &error));
  tritium_cancel_set(cancel);
  CHECK_STATUS(TRITIUM_CANCELLED, tritium_model_unpark(loaded.model, cancel, &error));
  tritium_cancel_release(cancel);
  CHECK_OK(tritium_model_unpark(loaded.model, NULL, &error));
  CHECK(!tritium_model_is_parked(loaded.model));
  CHECK_STATUS(TRITIUM_INVALID_ARGUMENT, tritium_model_park(NULL, &error));
  unload(loaded);
}

static void a_model_is_loaded_by_descriptor(const Material* material) {
  tritium_error error = {.size = sizeof error};
  float by_path[259], by_descriptor[259];
  tritium_model* model = NULL;
  tritium_session* session = NULL;
  Loaded loaded = load(material, "cpu");
  logits_anew(loaded.session, by_path);
  const int descriptor = open(material->model, O_RDONLY);
  CHECK(descriptor >= 0);
  CHECK_OK(tritium_model_load_descriptor(loaded.runtime, descriptor, NULL, &model, &error));
  CHECK(close(descriptor) == 0);
  CHECK_OK(tritium_session_create(model, NULL, &session, &error));
  logits_anew(session, by_descriptor);
  CHECK(memcmp(by_path, by_descriptor, sizeof by_path) == 0);
  tritium_session_release(session);
  tritium_model_release(model);
  CHECK_STATUS(TRITIUM_IO_ERROR, tritium_model_load_descriptor(loaded.runtime, -1, NULL, &model, &error));
  CHECK(!model);
  unload(loaded);
}

/* Trains one for a step. */
static void make_adapter(const Material* material, const char* output) {
  tritium_error error = {.size = sizeof error};
  static char config[8192];
  char text[1500];
  for (size_t i = 0; i + 1 < sizeof text; ++i) text[i] = "the quick brown fox "[i % 20];
  text[sizeof text - 1] = '\0';
  snprintf(config, sizeof config,
           "{\"model\": \"%s\", \"text\": \"%s\", \"steps\": 2, \"context\": 16, \"batch\": 2, \"output\": \"%s\", "
           "\"embedding\": \"frozen\", \"attention\": \"lora\", \"feed_forward\": \"lora\", \"head\": \"frozen\", "
           "\"norms\": \"frozen\", \"routers\": \"frozen\", \"lora_rank\": 2, \"export_type\": \"adapter\"}",
           material->model, text, output);
  CHECK_OK(tritium_train(config, strlen(config), NULL, NULL, &error));
}

static void an_adapter_is_taken_on_and_off(const Material* material) {
  tritium_error error = {.size = sizeof error};
  float plain[259], adapted[259], again[259], loaded_with_it[259];
  char path[2048];
  snprintf(path, sizeof path, "%s/adapter_in_c.gguf", material->folder);
  make_adapter(material, path);
  Loaded loaded = load(material, "cpu");
  tritium_adapter* adapter = NULL;
  CHECK_OK(tritium_adapter_load(loaded.model, path, NULL, &adapter, &error));
  logits_anew(loaded.session, plain);
  CHECK_OK(tritium_session_attach(loaded.session, adapter, 1, &error));
  tritium_adapter_release(adapter);
  logits_anew(loaded.session, adapted);
  CHECK_OK(tritium_session_attach(loaded.session, NULL, 1, &error));
  logits_anew(loaded.session, again);
  CHECK(memcmp(plain, again, sizeof plain) == 0 && memcmp(plain, adapted, sizeof plain) != 0);
  tritium_load_options options;
  tritium_load_options_init(&options, sizeof options);
  options.adapter = path;
  tritium_model* model = NULL;
  tritium_session* session = NULL;
  CHECK_OK(tritium_model_load(loaded.runtime, material->model, &options, &model, &error));
  CHECK_OK(tritium_session_create(model, NULL, &session, &error));
  logits_anew(session, loaded_with_it);
  CHECK(memcmp(adapted, loaded_with_it, sizeof adapted) == 0);
  CHECK_STATUS(TRITIUM_NOT_FOUND, tritium_adapter_load(model, "nothing.gguf", NULL, &adapter, &error));
  CHECK(!adapter);
  tritium_session_release(session);
  tritium_model_release(model);
  unload(loaded);
  remove(path);
}

const Test kParkingTests[] = {
    {"a_parked_model_comes_back_with_the_next_token", a_parked_model_comes_back_with_the_next_token},
    {"a_model_is_loaded_by_descriptor", a_model_is_loaded_by_descriptor},
    {"an_adapter_is_taken_on_and_off", an_adapter_is_taken_on_and_off},
    {NULL, NULL}};
