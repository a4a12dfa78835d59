// The pre-tokenizers that `tokenizer.ggml.pre` names: which regular expressions split a text before its words are
// merged.
#include "text/pre_tokenizer_names.h"

namespace tritium {
namespace {

// English endings; their own rule in each pattern of this family.
#define ENDINGS R"re((?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD]))re"
// What is neither letter, number nor space; line ends; blanks, of which the last one goes with the next word.
#define REST R"re(| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)re"

constexpr std::string_view kLlama3 = ENDINGS R"re(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3})re" REST;
constexpr std::string_view kQwen2 = ENDINGS R"re(|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N})re" REST;
constexpr std::string_view kQwen35 =
    ENDINGS R"re(|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)re";
constexpr std::string_view kGpt2 = R"re('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S))re";
constexpr std::string_view kTekken =
    R"re([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+|[^\r\n\p{L}\p{N}]?[\p{L)re"
    R"re(u}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s)re"
    R"re(+(?!\S)|\s+)re";
constexpr std::string_view kGpt4o =
    R"re([^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?:'[sS]|'[tT]|'[rR][eE])re"
    R"re(|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p)re"
    R"re({Lo}\p{M}]*(?:'[sS]|'[tT]|'[rR][eE]|'[vV][eE]|'[mM]|'[lL][lL]|'[dD])?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[)re"
    R"re(\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+)re";
// Letters that have a case.
constexpr std::string_view kCasedLetters =
    R"re(\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-)re"
    R"re(ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝὟ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ)re"
    R"re(-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ)re"
    R"re(-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+)re";
constexpr std::string_view kCjk = "[一-龥ࠀ-一가-퟿]+";
constexpr std::string_view kDeepseekV3 =
    R"re([!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+)re"
    R"re([\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)re";
#undef ENDINGS
#undef REST

constexpr KnownPreTokenizer kRows[] = {
    {.names = {"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "falcon_e", "pixtral", "lfm2"},
     .patterns = {kLlama3},
     .ignore_merges = true,
     .add_bos = true},
    {.names = {"dbrx", "smaug-bpe", "chatglm-bpe", "glm4"}, .patterns = {kLlama3}},
    {.names = {"qwen2", "deepseek-r1-qwen", "megrez", "stablelm2", "hunyuan", "grok-2", "solar-open"},
     .patterns = {kQwen2}},
    {.names = {"qwen35"}, .patterns = {kQwen35}},
    {.names = {"gpt-2", "phi-2", "exaone4", "mellum", "modern-bert", "mpt", "olmo", "jais", "trillion"},
     .patterns = {kGpt2}},
    {.names = {"starcoder", "refact", "command-r", "smollm", "codeshell", "exaone", "minerva-7b"},
     .patterns = {R"re(\p{N})re", kGpt2}},
    {.names = {"falcon"}, .patterns = {R"re([\p{P}\$\+<=>\^~\|`]+)re", kGpt2, R"re([0-9][0-9][0-9])re"}},
    {.names = {"default"},
     .patterns = {R"re([\p{P}\$\+<=>\^~\|]+)re", kGpt2, R"re(\p{N}+)re", R"re([0-9][0-9][0-9])re"}},
    {.names = {"deepseek-llm"},
     .patterns = {R"re([\r\n])re", kCasedLetters, R"re(\s?[!-/:-~！-／：-～‘-‟　-。]+)re", R"re(\s+$)re", kCjk,
                  R"re(\p{N}+)re"}},
    {.names = {"deepseek-coder"},
     .patterns = {R"re([\r\n])re", R"re(\s?\p{L}+)re", R"re(\s?\p{P}+)re", kCjk, R"re(\p{N})re"}},
    {.names = {"deepseek-v3", "hunyuan-dense", "joyai-llm"},
     .patterns = {R"re(\p{N}{1,3})re", R"re([一-龥぀-ゟ゠-ヿ]+)re", kDeepseekV3}},
    {.names = {"tekken"}, .patterns = {kTekken}, .ignore_merges = true, .add_bos = true},
    {.names = {"gpt-4o", "llama4", "gpt-oss"}, .patterns = {kGpt4o}},
};

}  // namespace

std::span<const KnownPreTokenizer> known_pre_tokenizers() { return kRows; }

const KnownPreTokenizer* find_pre_tokenizer(std::string_view name) {
  for (const KnownPreTokenizer& row : kRows)
    for (const std::string_view known : row.names)
      if (!known.empty() && known == name) return &row;
  return nullptr;
}

std::string pre_tokenizer_names() {
  std::string all;
  for (const KnownPreTokenizer& row : kRows)
    for (const std::string_view name : row.names)
      if (!name.empty()) all += (all.empty() ? "" : ", ") + std::string(name);
  return all;
}

}  // namespace tritium
