#include "train/setup.h"

#include <algorithm>
#include <cmath>

#include "base/checked_math.h"
#include "base/format_text.h"
#include "model/metadata_keys.h"
#include "model/weights.h"
#include "model_files/open_model.h"
#include "train/data/batch.h"
#include "train/data/byte_vocabulary.h"
#include "train/data/chat_document.h"
#include "train/data/documents.h"
#include "train/description.h"
#include "train/limits.h"
#include "train/options_table.h"
#include "train/run_folder.h"
#include "train/trained_experts.h"
#include "tritium/text_file.hpp"

namespace tritium::training {
namespace {

// Templates that have a name of their own. "lines" is what conversations become without a template.
constexpr std::pair<std::string_view, std::string_view> kTemplates[] = {
    {"lines",
     "{% for m in messages %}{{ m.role }}:{% if m.role == 'assistant' %}{% generation %}{{ ' ' + m.content + eos_token "
     "}}"
     "{% endgeneration %}{{ '\n' if not loop.last }}{% else %}{{ ' ' + m.content + '\n' }}{% endif %}{% endfor %}"
     "{% if add_generation_prompt %}{{ '\n' if messages and messages[-1].role == 'assistant' }}assistant:{% endif %}"},
};

bool is_file_of_template(const TrainOptions& o) {
  return !o.chat_template.empty() && o.chat_template != "none" &&
         std::none_of(std::begin(kTemplates), std::end(kTemplates),
                      [&](const auto& t) { return t.first == o.chat_template; });
}

// The text of the template that the options name; "": none was named.
Result<std::string> named_template(const TrainOptions& o) {
  if (o.chat_template.empty() || o.chat_template == "none") return std::string();
  for (const auto& [name, source] : kTemplates)
    if (o.chat_template == name) return std::string(source);
  Result<std::string> text = read_text(o.chat_template);
  if (text.ok() && text->empty())
    return error(StatusCode::corrupt_file, o.chat_template, ": the chat template is empty");
  return text;
}

bool uses_mode(const TrainOptions& o, const std::vector<ModeRule>& rules, WeightMode mode) {
  const auto roles = {o.embedding, o.attention, o.feed_forward, o.head, o.norms, o.routers};
  return std::ranges::find(roles, mode) != roles.end() ||
         std::ranges::find(rules, mode, &ModeRule::mode) != rules.end();
}

// What the options have to do with each other.
Status check_options(const TrainOptions& o) {
  if (Status s = check_ranges(o); !s.ok()) return s;
  const auto refuse = [](auto... what) { return error(StatusCode::invalid_argument, what...); };
  if (o.model.empty() == o.transformer.empty())
    return refuse("give either a model to fine-tune or the description of a transformer to train from scratch");
  if (o.data.empty() && o.text.empty()) return refuse("no text to train on was given (data)");
  if (o.steps < 0) return refuse("steps is ", o.steps, ", must not be negative");
  if (o.steps == 0 && o.epochs == 0 && o.minutes == 0) return refuse("say how long to train: steps, epochs or minutes");
  if (const auto tokens = checked_mul(static_cast<uint64_t>(o.context), static_cast<uint64_t>(o.batch));
      !tokens || *tokens > uint64_t{kMostTokensOfAStep})
    return refuse("batch ", o.batch, " of context ", o.context, " is more than the ", kMostTokensOfAStep,
                  " tokens that a step can have; a smaller batch or context is needed");
  if (o.micro_batch > 0 && o.batch % o.micro_batch != 0)
    return refuse("batch ", o.batch, " is not a multiple of micro_batch ", o.micro_batch);
  if (o.scale_sync == ScaleSync::per_group && o.group_size != 16 && o.group_size != 32 && o.group_size != 64 &&
      o.group_size != 128 && o.group_size != 256)
    return refuse("group_size is ", o.group_size, ", must be 16, 32, 64, 128 or 256");
  const bool shared = o.scale_sync == ScaleSync::per_block || o.scale_sync == ScaleSync::per_expert;
  if (o.feed_forward == WeightMode::stochastic && shared)
    return refuse("stochastic weights keep the alphas they start with; scale_sync is for those with shadows (ternary)");
  if (o.ternary_quantizer == TernaryQuantizer::threshold &&
      (o.alpha_momentum > 0 || (o.scale_sync != ScaleSync::automatic && o.scale_sync != ScaleSync::per_row)))
    return refuse(
        "the threshold quantiser has an exact scale for each row: it goes with scale_sync auto or per_row and "
        "alpha_momentum 0");
  const bool by_block = o.scale_sync == ScaleSync::per_group && o.group_size == 256;
  if (o.ternary_quantizer == TernaryQuantizer::sparse34 &&
      (o.alpha_momentum > 0 || o.prune > 0 ||
       (o.scale_sync != ScaleSync::automatic && o.scale_sync != ScaleSync::per_row && !by_block)))
    return refuse(
        "sparse34 has an exact scale for each row or block, and as many zeros as its format: it goes with scale_sync "
        "auto, per_row or per_group with group_size 256, alpha_momentum 0 and prune 0");
  if (o.gptq > 0 && o.shadow == ShadowPrecision::int8)
    return refuse(
        "gptq moves shadows onto the grid of their integers, which is not among the values that those of one byte "
        "have: "
        "it goes with shadow bf16 or fp32");
  if (o.gptq > 0 && o.prune > 0) return refuse("gptq rounds what prune would set to 0 after it: give one of the two");
  if (o.quantize_from + o.warm_start > 1)
    return refuse("quantize_from ", o.quantize_from, " and warm_start ", o.warm_start,
                  " are more than all steps together: weights would not be quantised in the end");
  const Result<std::vector<ModeRule>> rules = parse_mode_rules(o.weights);
  if (!rules.ok()) return rules.status();
  const bool inside = uses_mode(o, *rules, WeightMode::lora_qat);
  if (inside && (o.noise > 0 || o.ste_clip > 0))
    return refuse(
        "noise and ste_clip are of shadows that learn; those of lora_qat follow from their adapters: it goes with "
        "noise 0 and ste_clip 0");
  if (o.update_by_layer && (o.clip > 0 || (o.micro_batch > 0 && o.micro_batch < o.batch)))
    return refuse(
        "update_by_layer needs clip 0 and one micro-batch: a layer is updated before the others' gradients "
        "are known");
  const Result<ExpertChoice> experts = expert_choice_of(o.experts_train);
  if (!experts.ok()) return experts.status();
  if (experts->n > 0 && shared)
    return refuse("experts_train keeps the alphas of experts that do not train: scale_sync per_block and per_expert ",
                  "share them with those that do");
  if (experts->n > 0 && (o.warm_start > 0 || o.quantize_from > 0))
    return refuse(
        "experts_train keeps the others as trits, among which none are softened: it goes with warm_start 0 and "
        "quantize_from 0");
  if (experts->kind == ExpertChoice::Kind::rotate && o.average != Average::none)
    return refuse("experts_train rotate trains other experts from time to time, of which there is no average");
  if (o.resume == "auto" && o.folder.empty()) return refuse("resume auto needs the folder of the run");
  if (o.overwrite && !o.resume.empty())
    return refuse("overwrite removes the run that resume would go on with; say one of the two");
  return Status();
}

// The characters of everything that is trained and validated on.
Result<Metadata> characters_of(const TrainOptions& o) {
  std::string text;
  if (is_file_of_template(o)) {
    Result<std::string> named = named_template(o);  // what it writes of its own
    if (!named.ok()) return named.status();
    text = *std::move(named);
  }
  for (const std::vector<std::string>* paths : {&o.data, &o.valid_data}) {
    const Result<std::vector<std::string>> files = corpus_files(*paths);
    if (!files.ok()) return files.status();
    for (const std::string& file : *files) {
      const Status status = read_documents(file, [&](const Document& document) {
        for (const DocumentPart& part : document.parts) text += part.text;
        return Status();
      });
      if (!status.ok()) return status;
    }
  }
  return character_vocabulary(text);
}

Result<Metadata> vocabulary_of(const TrainOptions& o) {
  if (o.tokenizer.empty()) return byte_vocabulary();
  if (o.tokenizer == "characters") return o.text.empty() ? characters_of(o) : character_vocabulary(o.text);
  const Result<Metadata> metadata = open_vocabulary(o.tokenizer);
  if (!metadata.ok()) return metadata.status();
  Metadata vocabulary;
  for (const auto& [key, value] : metadata->values())
    if (key.starts_with("tokenizer.")) vocabulary.set(key, value);
  return vocabulary;
}

Result<CheckedModel> open_checked(const std::string& path) {
  Result<OpenedModel> file = open_model(path);
  if (!file.ok()) return file.status();
  return CheckedModel::check(std::move(file->tensors));
}

// As if it came from a file, with its vocabulary.
Result<CheckedModel> make_model(const TrainOptions& o) {
  const Result<Metadata> vocabulary = vocabulary_of(o);
  if (!vocabulary.ok()) return vocabulary.status();
  const Result<std::shared_ptr<const Tokenizer>> tokenizer = Tokenizer::from_metadata(*vocabulary, {.pre = o.pre});
  if (!tokenizer.ok()) return tokenizer.status().within(o.tokenizer);
  Result<MemoryTensorMap> map = make_transformer(o.transformer, (*tokenizer)->vocab_size(), o.seed);
  if (!map.ok()) return map.status();
  for (const auto& [key, value] : vocabulary->values()) map->mutable_metadata().set(key, value);
  return CheckedModel::check(std::make_shared<MemoryTensorMap>(*std::move(map)));
}

Status open_teacher(const TrainOptions& o, Setup& setup) {
  Result<CheckedModel> teacher = open_checked(o.teacher);
  if (!teacher.ok()) return teacher.status().within("the teacher");
  setup.teacher = *std::move(teacher);
  const Config &t = setup.teacher->config(), &c = setup.model.config();
  const auto refuse = [&](auto... what) {
    return error(StatusCode::invalid_argument, "the teacher ", o.teacher, what...);
  };
  if (t.vocab_size != c.vocab_size)
    return refuse(" knows ", t.vocab_size, " tokens, the model ", c.vocab_size, "; both need the same vocabulary");
  const auto* theirs = setup.teacher->metadata().texts("tokenizer.ggml.tokens");
  const auto* ours = setup.model.metadata().texts("tokenizer.ggml.tokens");
  if (theirs && ours && *theirs != *ours) return refuse(" has another vocabulary than the model");
  if (o.context > t.context_length)
    return refuse(" takes at most ", t.context_length, " tokens, context is ", o.context);
  if (t.lab.bigram_dim > 0 && t.lab.bigram_buckets != c.lab.bigram_buckets)
    return refuse(" hashes pairs of tokens into ", t.lab.bigram_buckets, " buckets, the model into ",
                  c.lab.bigram_buckets, "; both read the same numbers");
  if (o.hidden_mse > 0 && t.dim != c.dim)
    return refuse(" has hidden values of ", t.dim, " dimensions, the model of ", c.dim,
                  "; hidden_mse needs the same, KL alone does not");
  return Status();
}

// Of the tensors that the model has.
std::vector<TensorSpec> specs_there(const CheckedModel& model) {
  std::vector<TensorSpec> specs = tensor_specs(model.config());
  std::erase_if(specs, [&](const TensorSpec& spec) { return !model.tensors().find(spec.name); });
  return specs;
}

int64_t steps_of(const TrainOptions& o, const BatchPlan& plan) {
  int64_t steps = o.steps;
  if (o.epochs > 0) {
    const double exactly = std::ceil(o.epochs * static_cast<double>(plan.steps_per_epoch()));
    const auto by_epochs = static_cast<int64_t>(std::min(exactly, double{kMostSteps}));
    steps = steps > 0 ? std::min(steps, by_epochs) : by_epochs;
  }
  return steps;
}

}  // namespace

// What is read is not written over, wherever links lead.
Status check_files(const TrainOptions& o) {
  std::vector<NamedFile> inputs = {{"the tokenizer's file", o.tokenizer}};
  for (const auto& [what, path] : {std::pair("the model", &o.model), std::pair("the teacher", &o.teacher)}) {
    const Result<std::vector<std::string>> files = files_of_model(*path);
    if (!files.ok()) return files.status();
    for (const std::string& file : *files) inputs.push_back({what, file});
  }
  if (is_file_of_template(o)) inputs.push_back({"the chat template", o.chat_template});
  for (const std::vector<std::string>* paths : {o.text.empty() ? &o.data : &o.valid_data, &o.valid_data}) {
    const Result<std::vector<std::string>> files = corpus_files(*paths);
    if (!files.ok()) return files.status();
    for (const std::string& file : *files) inputs.push_back({"text to learn", file});
  }
  if (is_run_file_of(o.folder, o.output))
    return error(StatusCode::invalid_argument, o.output,
                 ": is a name of the run's own files; name another for the output");
  if (Status s = check_outputs(files_written(o), inputs); !s.ok()) return s;
  // It may lie in the folder, whose file it is.
  const NamedFile output[] = {{"the output", o.output}}, resumed[] = {{"the checkpoint to go on from", o.resume}};
  return check_outputs(output, resumed);
}

Recipe recipe_of(const TrainOptions& o) {
  Result<std::vector<ModeRule>> rules = parse_mode_rules(o.weights);
  return {.embedding = o.embedding,
          .attention = o.attention,
          .feed_forward = o.feed_forward,
          .head = o.head,
          .norms = o.norms,
          .routers = o.routers,
          .rules = rules.ok() ? *std::move(rules) : std::vector<ModeRule>(),
          .lora_rank = o.lora_rank,
          .lora_alpha = o.lora_alpha,
          .seed = o.seed,
          .shadow = o.shadow,
          .ternary_quantizer = o.warm_start > 0 && o.ternary_quantizer == TernaryQuantizer::automatic
                                   ? TernaryQuantizer::absmean
                                   : o.ternary_quantizer,
          .integer_quantizer = o.integer_quantizer,
          .scale_sync = o.scale_sync,
          .group_size = o.group_size,
          .scales = {.momentum = static_cast<float>(o.alpha_momentum), .round_to_f16 = true, .prune = o.prune},
          .int8_activations = o.int8_activations,
          .balance = static_cast<float>(o.balance),
          .z_loss = static_cast<float>(o.z_loss),
          .bias_rate = static_cast<float>(o.bias_rate),
          .trained_experts = expert_choice_of(o.experts_train).ok() ? expert_choice_of(o.experts_train)->n : 0,
          .checkpoint_activations = o.checkpoint_activations};
}

Recipe frozen_recipe(const TrainOptions& o) {
  Recipe r = {.int8_activations = o.int8_activations};
  r.embedding = r.attention = r.feed_forward = r.head = r.norms = r.routers = WeightMode::frozen;
  return r;
}

OptimizerOptions optimizer_options_of(const TrainOptions& o) {
  constexpr double kOfLoadedTrits = 0.05;
  const double alpha_rate = o.ternary_rate < 0 ? -kOfLoadedTrits : o.ternary_rate;
  return {.kind = o.optimizer,
          .beta1 = static_cast<float>(o.beta1),
          .beta2 = static_cast<float>(o.beta2),
          .momentum = static_cast<float>(o.momentum),
          .muon = {.steps = static_cast<int>(o.muon_steps), .row_norm = o.muon_row_norm},
          .states_8bit = o.states_8bit,
          .rounding = o.stochastic_rounding ? Rounding::stochastic : Rounding::nearest,
          .ste_clip = static_cast<float>(o.ste_clip),
          .seed = o.seed,
          .alpha_rate = static_cast<float>(alpha_rate / o.learning_rate),
          .weight_decay = static_cast<float>(o.weight_decay),
          .by_layer = o.update_by_layer};
}

bool has_ternary(const Recipe& r) {
  const auto modes = {r.embedding, r.attention, r.feed_forward, r.head};
  return std::ranges::find(modes, WeightMode::ternary) != modes.end() ||
         std::ranges::find(modes, WeightMode::lora_qat) != modes.end();
}

AverageOptions average_options_of(const TrainOptions& o) {
  return {.kind = o.average, .decay = o.ema_decay, .fraction = o.swa_fraction};
}

// How conversations are written: by the template that was named, else by the model's. nullopt: as lines.
Result<std::optional<ChatDocuments>> chat_of(const TrainOptions& o, Setup& setup) {
  const Result<std::string> named = named_template(o);
  if (!named.ok()) return named.status();
  if (!named->empty()) setup.metadata.set("tokenizer.chat_template", *named);
  const ChatFormat format = ChatFormat::from_metadata(setup.metadata, setup.tokenizer.get());
  if (o.chat_template == "none" || !format.has_template()) return std::optional<ChatDocuments>();
  const Result<std::string> source = format.source("", false);
  if (!source.ok()) return std::optional<ChatDocuments>();
  Result<ChatDocuments> chat = ChatDocuments::create(*source, format, *setup.tokenizer);
  // Of a model's own template only conversations are in need.
  if (!chat.ok() && named->empty()) {
    setup.warnings.push_back("the model's chat template cannot be used, conversations become lines: " + chat.message());
    return std::optional<ChatDocuments>();
  }
  if (!chat.ok()) return chat.status().within(o.chat_template);
  return std::optional(*std::move(chat));
}

Result<Setup> prepare_run(const TrainOptions& o) {
  if (Status s = check_options(o); !s.ok()) return s;
  if (Status s = check_files(o); !s.ok()) return s;
  Result<CheckedModel> model = o.model.empty() ? make_model(o) : open_checked(o.model);
  if (!model.ok()) return model.status();
  Setup setup = {.model = *std::move(model)};
  const Config& config = setup.model.config();
  const Metadata& metadata = setup.model.metadata();
  if (o.context > config.context_length)
    return error(StatusCode::invalid_argument, "context is ", o.context, ", the model takes at most ",
                 config.context_length, " tokens");
  const bool head_alone = setup.model.tensors().find("output.weight") != nullptr;
  if (!head_alone && o.head != WeightMode::full && o.head != WeightMode::frozen)
    return error(
        StatusCode::invalid_argument,
        "the head of this model is its embedding and has no weights of its own: the embedding's mode decides; a "
        "transformer described with \"tied_head\": false has a head of its own");
  if (o.update_by_layer && setup.model.config().order.size() > setup.model.config().layers.size())
    return error(StatusCode::invalid_argument,
                 "update_by_layer: the model's lab.layer_order has a layer several times, whose gradient is there only "
                 "when the first of them has its own; train without");
  if (!config.moe() && o.routers != WeightMode::full && o.routers != WeightMode::frozen)
    return error(StatusCode::invalid_argument, "routers: the model has no experts, and so no routers");
  if (Status s = check_mode_rules(recipe_of(o).rules, specs_there(setup.model)); !s.ok()) return s;
  if (!o.teacher.empty())
    if (Status s = open_teacher(o, setup); !s.ok()) return s;
  Result<std::shared_ptr<const Tokenizer>> tokenizer =
      Tokenizer::for_model(metadata, config.vocab_size, {.pre = o.pre});
  if (!tokenizer.ok()) return tokenizer.status().within(o.model);
  setup.tokenizer = *std::move(tokenizer);
  setup.warnings = setup.tokenizer->warnings();
  if (std::string unknown = unknown_keys_warning(metadata); !unknown.empty())
    setup.warnings.push_back(std::move(unknown));
  setup.metadata = metadata;
  const Result<std::optional<ChatDocuments>> chat = chat_of(o, setup);
  if (!chat.ok()) return chat.status();
  const CorpusOptions corpus_options = {.paths = o.data,
                                        .valid_paths = o.valid_data,
                                        .valid_fraction = o.valid_fraction,
                                        .score_prompts = o.score_prompts,
                                        .chat = chat->has_value() ? &**chat : nullptr};
  Result<Corpus> corpus = o.text.empty() ? load_corpus(corpus_options, *setup.tokenizer)
                                         : split_text(o.text, corpus_options, *setup.tokenizer);
  if (!corpus.ok()) return corpus.status();
  setup.corpus = *std::move(corpus);
  if (setup.corpus.lines && o.chat_template.empty())
    setup.warnings.push_back(
        "conversations are written as lines (user: …), since the model has no chat template that can be used; the "
        "result "
        "has none either: --chat-template lines (chat_template) gives it one, so that it can chat");
  const Result<BatchPlan> plan = BatchPlan::create(setup.corpus.train, o.context, o.batch, o.seed);
  if (!plan.ok()) return plan.status();
  setup.recipe = recipe_of(o);
  setup.steps = steps_of(o, *plan);
  if (o.average != Average::none && has_ternary(setup.recipe))
    setup.warnings.push_back(
        "averages of shadows are known to hurt ternary weights, by 0.12 to 0.52 bits a byte (mass near 0 rounds to 0): "
        "look at both losses in the end, or train without average");
  return setup;
}

}  // namespace tritium::training
