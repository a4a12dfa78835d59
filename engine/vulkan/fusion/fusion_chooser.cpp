#include "vulkan/fusion/fusion_chooser.h"

#include <algorithm>

#include "base/log.h"

namespace tritium::vulkan {
namespace {

constexpr size_t kMostAlike = 8;       // layers whose weights take turns: a cache that holds them all is a large one
constexpr int kMostTries = 3;          // what is never at an end in time is fused, and costs no more time
constexpr size_t kMostClasses = 1000;  // in a file

// What several rows save grows with their number; there are too many lengths of prompts to measure each.
bool has_several_rows(const Fusion& fusion) {
  return std::visit(
      [](const auto& op) {
        if constexpr (requires { op.x; }) return op.x.shape[0] > 1;
        return false;
      },
      fusion.fused.front());
}

}  // namespace

FusionChooser::FusionChooser(FusionChooserOptions options) : options_(std::move(options)), left_(options_.seconds) {
  if (options_.setting.measured && !options_.anew) kept_ = kept();
}

// What is there was perhaps written by another program since.
TimesOfClasses FusionChooser::kept() const {
  if (options_.file.empty()) return {};
  const auto content = read_cache(options_.file, kFusionCache, options_.key);
  if (!content) return {};
  return parse_times({reinterpret_cast<const char*>(content->data()), content->size()}).value_or(TimesOfClasses());
}

FusionChooser::~FusionChooser() {
  if (timed_.empty() || options_.file.empty()) return;
  try {
    TimesOfClasses all = timed_;
    TimesOfClasses others = kept();
    if (all.size() + others.size() <= kMostClasses) all.merge(others);
    const std::string text = text_of(all);
    const Status status = write_cache(options_.file, kFusionCache, options_.key, std::as_bytes(std::span(text)));
    if (!status.ok()) log_to(options_.log, LogLevel::debug, "times of fusions not kept: " + status.message());
  } catch (...) {  // the next start measures again, no more
  }
}

void FusionChooser::rewrite(Program& program, const FusionLimits& limits) {
  for (;;) {
    Program fused = program;
    std::vector<Class> unknown;
    fuse(fused, limits, [&](const Fusion& fusion) { return decide(fusion, unknown); });
    if (unknown.empty()) {
      program = std::move(fused);
      return;
    }
    time(unknown);  // then again: where one does not pay, others may become possible in its place
  }
}

const FusionTimes* FusionChooser::known(const std::string& name) const {
  for (const TimesOfClasses* times : {&timed_, &kept_})
    if (const auto found = times->find(name); found != times->end()) return &found->second;
  return nullptr;
}

bool FusionChooser::may_be_timed(const std::string& name) const {
  const FusionTimes* times = known(name);
  return options_.time && left_ > 0 && !tried_.contains(name) && (!times || times->tries < kMostTries);
}

bool FusionChooser::decide(const Fusion& fusion, std::vector<Class>& unknown) {
  // A prompt's norms: no row is computed twice, and there would be a class for each length.
  if (rows_of(fusion) > 1) return options_.setting.measured || options_.setting.asks_for(fusion.name);
  const std::string name = class_of(fusion);
  if (!options_.setting.measured) {
    const bool asked = options_.setting.asks_for(fusion.name);
    note(fusion, name, asked, "asked for");
    return asked;
  }
  if (has_several_rows(fusion)) return true;
  const FusionTimes* times = known(name);
  if (times && times->measured()) {
    note(fusion, name, times->fused_pays(), timed_.contains(name) ? "measured" : "kept");
    return times->fused_pays();
  }
  if (!may_be_timed(name)) {
    note(fusion, name, true, "not measured");
    return true;
  }
  auto alike = std::ranges::find(unknown, name, &Class::name);
  if (alike == unknown.end()) alike = unknown.insert(unknown.end(), {.name = name, .alike = {}});
  if (alike->alike.size() < kMostAlike) alike->alike.push_back(fusion);
  return true;
}

void FusionChooser::time(const std::vector<Class>& unknown) {
  const Status settled = options_.settle();
  for (const Class& fusions : unknown) {
    tried_.insert(fusions.name);
    if (settled.ok()) time(fusions);
  }
}

void FusionChooser::time(const Class& fusions) {
  if (left_ <= 0) return;
  const double start = options_.now();
  const Result<std::optional<FusionTimes>> times = options_.time(fusions.alike, left_);
  left_ -= options_.now() - start;
  if (!times.ok()) {
    log_to(options_.log, LogLevel::debug, "fusion not measured: " + times.message());
  } else if (*times) {
    timed_[fusions.name] = **times;
    note(fusions.alike.front(), fusions.name, false, "measured");  // does not run until it is met again
  } else {
    const FusionTimes* before = known(fusions.name);
    timed_[fusions.name] = {.tries = before ? before->tries + 1 : 1};
  }
}

void FusionChooser::note(const Fusion& fusion, const std::string& shape, bool fused, const char* reason) {
  auto choice = std::ranges::find(choices_, shape, &FusionChoice::shape);
  if (choice == choices_.end()) choice = choices_.insert(choices_.end(), FusionChoice());
  const FusionTimes* times = known(shape);
  *choice = {.operation = std::string(fusion.name),
             .shape = shape,
             .fused = fused,
             .reason = reason,
             .fused_seconds = times ? times->fused : 0,
             .simple_seconds = times ? times->simple : 0};
}

}  // namespace tritium::vulkan
