#include "gpu_report/gpu_report.h"

#include <algorithm>
#include <array>
#include <condition_variable>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <thread>

#include "base/calendar.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "base/path.h"
#include "gpu_report/section.h"
#include "vulkan/device/device_details.h"

namespace tritium::gpu_report {

const std::vector<Section>& sections() {
  static const std::vector<Section> kSections = {
      {"device", "Device", "What the driver says.", 1, device_section},
      {"selftest", "Self-test", "Every operation on the device against the reference.", 12, selftest_section},
      {"bandwidth", "Reading", "One kernel reads a buffer again and again; small ones come from caches.", 5,
       bandwidth_section},
      {"transfers", "Transfers", "Through the staging memory that the backend uses for weights and logits.", 3,
       transfers_section},
      {"dispatch", "Submissions and dispatches",
       "Empty kernels: a submission with the wait for it, and many dispatches in one, each after a barrier or none.", 2,
       dispatch_section},
      {"arithmetic", "Multiply-adds",
       "Plain instructions, two operations each; dot products and matrix instructions are not measured.", 2,
       arithmetic_section},
      {"kernels", "Kernels",
       "Products, head and attention in the shapes of real models, each call after the one before as in a model; "
       "weights of different calls lie apart, so that no cache holds them. Fractions are of the reads and of the i32 "
       "multiply-adds above.",
       18, kernels_section},
      {"fusions", "Fusions",
       "Operations of a decoded token that one kernel does, beside the kernels for which it stands, on random trits in "
       "the models' shapes, some layers in turn. What pays is what runs in the models below.",
       6, fusions_section},
      {"maple_20b_a1b", "Maple-20B-A1B", "Random trits in the model's shapes, through the code that runs models.", 16,
       maple_section},
      {"qwen3_30b_a3b", "Qwen3-30B-A3B", "As above, as if it were ternary.", 16, qwen3_section},
      {"bitnet_2b", "BitNet-b1.58-2B-4T", "As above.", 12, bitnet_section},
      {"training_step", "Training step", "A ternary transformer from scratch, straight-through, with AdamW.", 13,
       training_section},
  };
  return kSections;
}

std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const Section& section : sections()) names.emplace_back(section.name);
  return names;
}

std::string figure(double value) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), value >= 1000 ? "%.0f" : "%.3g", value);
  return text.data();
}

namespace {

// Ends the process through Options::overran when the work did not end by itself.
class Watch {
 public:
  Watch(double seconds, std::function<void()> overran)
      : thread_([this, seconds, overran = std::move(overran)] {
          std::unique_lock lock(mutex_);
          const bool ended = wake_.wait_for(lock, std::chrono::duration<double>(seconds), [this] { return done_; });
          if (!ended && overran) overran();
        }) {}
  ~Watch() {
    {
      const std::lock_guard lock(mutex_);
      done_ = true;
    }
    wake_.notify_one();
    thread_.join();
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool done_ = false;
  std::thread thread_;
};

class Runner {
 public:
  explicit Runner(const Options& options)
      : options_(options), report_(options.folder), all_(options.budget_seconds, options.interrupted) {}

  Result<Outcome> run();

 private:
  void say(const std::string& line) const {
    if (options_.say) options_.say(line);
  }
  bool wanted(const Section& section) const;
  void describe_run();
  Status choose_device();
  void run_section(const Section& section, double share);
  void end_section(const Section& section, const char* state, const std::string& message, double seconds);
  double patience(const Deadline& section) const;
  void write_after_overrun(const Section& section, double seconds);

  const Options& options_;
  Report report_;
  Deadline all_;
  Clock::time_point start_ = Clock::now();
  Context context_;
  Outcome outcome_;
};

bool Runner::wanted(const Section& section) const {
  const auto named = [](const std::string& name) {
    return std::ranges::find_if(sections(), [&](const Section& s) { return name == s.name; });
  };
  if (!options_.after.empty() && &section <= &*named(options_.after)) return false;
  return options_.sections.empty() || std::ranges::find(options_.sections, section.name) != options_.sections.end();
}

void Runner::describe_run() {
  std::array<char, 32> time{};
  const std::tm utc = utc_time(std::time(nullptr));
  std::strftime(time.data(), time.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  report_.put("program", "tritium " + options_.program_version);
  report_.put("started", time.data());
  report_.put("budget_seconds", options_.budget_seconds);
  report_.put("finished", false);
  report_.put("sections", Json::object());
}

// The device that was asked for, or the best; a software driver only where there is nothing else.
Status Runner::choose_device() {
  const auto devices = vulkan::list_devices();
  if (!devices.ok()) return devices.status();
  Json list = Json::array();
  for (const vulkan::DeviceDescription& d : *devices)
    list.push_back({{"backend", join("vulkan:", d.index)},
                    {"name", d.name},
                    {"driver", d.driver},
                    {"type", d.type},
                    {"memory_bytes", d.memory_bytes},
                    {"usable", d.usable},
                    {"reason", d.unusable_reason}});
  report_.put("devices", list);
  std::optional<int> index = options_.device ? options_.device : vulkan::best_device(*devices);
  const vulkan::DeviceDescription* chosen = nullptr;
  for (const vulkan::DeviceDescription& d : *devices)
    if (index ? d.index == *index : (d.usable && !chosen)) chosen = &d;
  if (!chosen)
    return error(StatusCode::not_found, index ? join("there is no vulkan:", *index) : "no usable Vulkan device");
  if (!chosen->usable)
    return error(StatusCode::unsupported, chosen->name, " cannot be used: ", chosen->unusable_reason);
  context_.log = options_.log;
  context_.device_index = chosen->index;
  context_.tiny = chosen->software;
  if (const auto details = vulkan::device_details(chosen->index); details.ok())
    context_.free_bytes = vulkan::free_bytes(details->heaps);
  report_.put("device", chosen->name);
  report_.put("backend", join("vulkan:", chosen->index));
  report_.put("software", chosen->software);
  if (chosen->software) report_.put("note", "software driver: no GPU speed; all sizes are reduced");
  say(join("vulkan:", chosen->index, ": ", chosen->name, chosen->software ? " (software driver: no GPU speed)" : ""));
  return Status();
}

void Runner::end_section(const Section& section, const char* state, const std::string& message, double seconds) {
  report_.put(section.name, "title", section.title);
  report_.put(section.name, "state", state);
  report_.put(section.name, "message", message);
  report_.put(section.name, "seconds", seconds);
  say(join(section.name, ": ", state, message.empty() ? "" : " (" + message + ")"));
}

void Runner::run_section(const Section& section, double share) {
  report_.put(section.name, "title", section.title);
  report_.put(section.name, "about", section.about);
  if (all_.over()) {
    ++outcome_.not_whole;
    end_section(section, "skipped", all_.interrupted() ? "interrupted" : "no time was left", 0);
    return;
  }
  const Deadline deadline = all_.part(share);
  report_.put(section.name, "state", "running");
  report_.put("running", section.name);  // stays when the program ends in it
  report_.put(section.name, "share_seconds", deadline.left());
  if (const Status s = report_.write_json(); !s.ok()) say(s.message());
  Entry entry(report_, section.name, deadline);
  const auto start = Clock::now();
  Status status;
  const std::function<bool()> keep_going = [this] { return !all_.interrupted(); };
  try {
    const CancelScope scope(keep_going);
    const Watch watch(patience(deadline), [&, this] { write_after_overrun(section, seconds_since(start)); });
    status = section.run(context_, entry);
  } catch (...) {
    status = caught();
  }
  if (status.code() == StatusCode::cancelled) status = Status();  // said below
  std::string message = entry.reasons();
  const char* state = message.empty() ? "done" : "partial";
  if (all_.interrupted()) {
    state = "partial";
    message += join(message.empty() ? "" : "; ", "interrupted");
  }
  if (!status.ok()) {
    state = "failed";
    message = status.message() + (message.empty() ? "" : "; " + message);
  }
  ++(status.ok() ? outcome_.not_whole : outcome_.failed);
  if (status.ok() && message.empty()) --outcome_.not_whole;
  report_.put("running", "");
  end_section(section, state, message, seconds_since(start));
}

// A section ends by itself soon after its share, if a single call takes no longer than that; what takes more hangs.
double Runner::patience(const Deadline& section) const {
  constexpr double kLongestCall = 60, kOfBudget = 0.1;
  return kLongestCall + std::min(2.0 * section.left(), all_.left() + kOfBudget * options_.budget_seconds);
}

void Runner::write_after_overrun(const Section& section, double seconds) {
  end_section(section, "failed", "it did not end by itself long after its time, and the program was ended", seconds);
  report_.put("elapsed_seconds", seconds_since(start_));
  if (const Status s = report_.write_json(); !s.ok()) say(s.message());
  if (const Status s = report_.write_markdown(); !s.ok()) say(s.message());
  if (options_.overran) options_.overran();
}

Result<Outcome> Runner::run() {
  outcome_.json_file = report_.json_file();
  outcome_.markdown_file = report_.markdown_file();
  describe_run();
  if (Status s = report_.write_json(); !s.ok()) return s;
  const Status device = choose_device();
  outcome_.device_found = device.ok();
  if (!device.ok()) {
    report_.put("device", "none");
    report_.put("problem", device.message());
    say(device.message());
    report_.put("driver_search", driver_search());
  }
  double shares = 0;
  for (const Section& section : sections()) shares += wanted(section) ? section.share : 0;
  for (const Section& section : sections()) {
    if (!wanted(section)) continue;
    if (device.ok()) {
      run_section(section, section.share / shares);
      shares -= section.share;
    } else {
      ++outcome_.not_whole;
      end_section(section, "skipped", "no device", 0);
    }
    if (Status s = report_.write_json(); !s.ok()) return s;
  }
  outcome_.interrupted = all_.interrupted();
  report_.put("elapsed_seconds", seconds_since(start_));
  report_.put("finished", !outcome_.interrupted);
  if (Status s = report_.write_json(); !s.ok()) return s;
  if (Status s = report_.write_markdown(); !s.ok()) return s;
  return outcome_;
}

}  // namespace

Result<Outcome> write_gpu_report(const Options& options) try {
  if (!(options.budget_seconds > 0)) return error(StatusCode::invalid_argument, "the budget must be above 0 seconds");
  std::vector<std::string> named = options.sections;
  if (!options.after.empty()) named.push_back(options.after);
  for (const std::string& name : named) {
    const std::vector<std::string> known = section_names();
    if (std::ranges::find(known, name) == known.end())
      return error(StatusCode::invalid_argument, "there is no section \"", name, "\"");
  }
  std::error_code problem;
  std::filesystem::create_directories(path_of(options.folder), problem);
  if (problem) return error(StatusCode::io_error, options.folder, ": ", problem.message());
  return Runner(options).run();
} catch (...) {
  return caught();
}

}  // namespace tritium::gpu_report
