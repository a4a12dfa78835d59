// tritium: loads a ternary mixture-of-experts language model and runs it on the CPU or through Vulkan.
//
//   auto runtime = tritium::Runtime::create({.backend = "auto"});
//   auto model = runtime->load("model.gguf");
//   auto session = model->create_session();
//   auto prompt = model->tokenize("Once upon a time");
//   session->generate(*prompt, {.max_tokens = 60}, [](const tritium::GeneratedToken& t) { std::cout << t.text; return
//   true; });
//
// Runtime -> Model (immutable, shareable) -> Session (own KV cache) -> Sampler. Every handle keeps alive what it needs,
// so they may be destroyed in any order. Nothing here throws, aborts, prints or exits: calls that can fail return
// Result or Status, whose message says what was wrong, where, and what to do.
//
// In the order in which they are met: options.hpp, runtime.hpp, model.hpp, chat.hpp, session.hpp,
// log_probabilities.hpp; status.hpp says how calls fail; text_file.hpp reads the text that a person hands over;
// vocabulary.hpp is text and tokens without a model. tritium.h and training.h are the same for C. Not included:
// training.hpp, and debug.hpp for kernel engineers.
//
// Threads: Runtime and Model may be used from any number of threads at once; a Session from one thread at a time.
// Sessions of one Runtime take turns on its device. Callbacks run on the calling thread and must not throw. A thread
// that calls takes part in the work and needs a stack of 256 KB.
#pragma once

#include "tritium/chat.hpp"
#include "tritium/log.hpp"
#include "tritium/log_probabilities.hpp"
#include "tritium/model.hpp"
#include "tritium/options.hpp"
#include "tritium/runtime.hpp"
#include "tritium/session.hpp"
#include "tritium/status.hpp"
#include "tritium/text_file.hpp"
#include "tritium/version.hpp"
#include "tritium/vocabulary.hpp"
