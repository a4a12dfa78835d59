// The run of all rows that a filter chooses: a family at a time, its rows and numbers of threads in turn, each beside
// the limits that it is a fraction of.
#include <algorithm>
#include <regex>

#include "backends.h"
#include "base/available_memory.h"
#include "base/cancel.h"
#include "base/caught.h"
#include "base/format_text.h"
#include "base/log.h"
#include "base/processors.h"
#include "bench/limits.h"
#include "bench/median.h"
#include "bench/rows.h"
#include "cpu/cpu_backend.h"

namespace tritium {
namespace bench {
namespace {

constexpr int kWindows = 6;  // of the limits beside a row

std::vector<Family> all_families(uint64_t beyond_caches) {
  std::vector<Family> families;
  add_products(families, beyond_caches);
  add_experts(families);
  add_heads(families);
  add_attention(families);
  add_models(families);
  add_training(families);
  return families;
}

Result<std::regex> parse_filter(const std::string& filter) {
  try {
    return std::regex(filter, std::regex::ECMAScript);
  } catch (const std::regex_error& problem) {
    return error(StatusCode::invalid_argument, "the filter \"", filter,
                 "\" is no regular expression: ", problem.what());
  }
}

bool wants(const std::regex& filter, const RowName& row) { return std::regex_search(row.name, filter); }

// Those of which a row is wanted.
Result<std::vector<Family>> chosen(std::vector<Family> families, const std::string& text) {
  const Result<std::regex> filter = parse_filter(text);
  if (!filter.ok()) return filter.status();
  std::string kinds;
  for (const Family& family : families)
    if (const std::string kind = family.name.substr(0, family.name.find('/')); !kinds.ends_with(kind))
      kinds += (kinds.empty() ? "" : ", ") + kind;
  std::erase_if(families, [&](const Family& family) {
    return std::ranges::none_of(family.rows, [&](const RowName& row) { return wants(*filter, row); });
  });
  if (families.empty())
    return error(StatusCode::invalid_argument, "the filter \"", text,
                 "\" chooses none of the rows; their names begin with ", kinds, ", as in product/2560x6912/n=1");
  return families;
}

Result<std::vector<Lane>> make_lanes(const std::vector<int>& threads, WeightLayout layout, const LogSink& log) {
  std::vector<Lane> lanes;
  for (int n : threads.empty() ? std::vector<int>{1, 0} : threads) {
    if (n == 0) n = usable_processors();
    if (std::ranges::find(lanes, n, &Lane::threads) != lanes.end()) continue;
    Result<std::unique_ptr<Backend>> backend =
        make_backend({.backend = "cpu", .threads = n, .layout = layout, .capture_file = {}, .log = log});
    if (!backend.ok()) return backend.status();
    lanes.push_back({n, *std::move(backend)});
  }
  return lanes;
}

BenchMachine describe_machine() {
  return {.processor = describe_cpu().description,
          .processors = usable_processors(),
          .rung = simd_level(),
          .rungs = simd_levels(),
          .free_bytes = available_memory()};
}

// What was measured of a row on a number of threads, a round each.
struct Samples {
  std::vector<double> seconds, fractions;
};

class Run {
 public:
  Run(const BenchOptions& options, std::vector<Lane> lanes)
      : options_(options), lanes_(std::move(lanes)), limits_(simd_level(), kWindows) {
    report_.machine = describe_machine();
  }

  Status all();
  BenchReport finish() {
    report_.limits = limits_.found();
    return std::move(report_);
  }

 private:
  Status measure(const Family& family, const std::regex& filter);
  Status measure(const std::vector<Row>& rows, std::vector<Samples>& samples);
  double fraction(const Work& work, double seconds, int threads);
  void add_row(const Row& row, int threads, const Samples& samples);
  void leave_out(const Family& family, const std::string& reason);

  const BenchOptions& options_;
  std::vector<Lane> lanes_;
  Limits limits_;
  BenchReport report_;
};

Status Run::all() {
  Result<std::vector<Family>> families = chosen(all_families(limits_.memory_bytes()), options_.filter);
  if (!families.ok()) return families.status();
  const Result<std::regex> filter = parse_filter(options_.filter);
  log_to(options_.log, LogLevel::info, "limits of this machine");
  for (const Lane& lane : lanes_) limits_.measure_all(lane.threads);
  for (const Family& family : *families) {
    check_cancelled();
    if (Status s = measure(family, *filter); !s.ok()) return s;
  }
  return Status();
}

void Run::leave_out(const Family& family, const std::string& reason) {
  log_to(options_.log, LogLevel::warning, join(family.name, " is left out: ", reason));
  report_.left_out.push_back({family.name, reason});
}

// An error is that of being cancelled: others leave the family out.
Status Run::measure(const Family& family, const std::regex& filter) {
  if (const uint64_t free = available_memory(); free > 0 && family.bytes > free) {
    leave_out(family, join("it needs ", family.bytes >> 20, " MiB, ", free >> 20, " MiB are free"));
    return Status();
  }
  log_to(options_.log, LogLevel::info, family.name);
  Result<std::vector<Row>> rows = family.make(lanes_);
  if (rows.code() == StatusCode::cancelled) return rows.status();
  if (!rows.ok()) return leave_out(family, rows.message()), Status();
  std::erase_if(*rows, [&](const Row& row) { return !wants(filter, row.name); });
  std::vector<Samples> samples(rows->size() * lanes_.size());
  Status status = measure(*rows, samples);
  for (size_t i = 0; i < samples.size(); ++i)  // also of an interrupted run
    if (!samples[i].seconds.empty()) add_row((*rows)[i / lanes_.size()], lanes_[i % lanes_.size()].threads, samples[i]);
  if (status.ok() || status.code() == StatusCode::cancelled) return status;
  return leave_out(family, status.message()), Status();
}

Status Run::measure(const std::vector<Row>& rows, std::vector<Samples>& samples) try {
  for (int round = 0; round < options_.rounds; ++round)
    for (size_t i = 0; i < samples.size(); ++i) {
      check_cancelled();
      const Row& row = rows[i / lanes_.size()];
      Lane& lane = lanes_[i % lanes_.size()];
      if (round == 0)
        if (const Result<double> first = row.seconds(lane); !first.ok()) return first.status();  // warms caches
      const Result<double> seconds = row.seconds(lane);
      if (!seconds.ok()) return seconds.status();
      const double part = fraction(row.work, *seconds, lane.threads);
      samples[i].seconds.push_back(*seconds);
      if (part > 0) samples[i].fractions.push_back(part);
    }
  return Status();
} catch (const Cancelled&) {
  return cancelled_status();
}

// Of the time that the limits allow. 0: there is no such limit.
double Run::fraction(const Work& work, double seconds, int threads) {
  const auto of = [&](double amount, double limit) { return limit > 0 ? amount * 1e-9 / limit / seconds : 0.0; };
  const auto reading = [&] { return of(work.bytes, limits_.read(threads, work.read_again)); };
  const auto integers = [&] { return of(work.operations, limits_.dot(threads)); };
  const auto floats = [&] { return of(work.operations, limits_.fma(threads)); };
  switch (work.against) {
    case Against::reading: return reading();
    case Against::int8_products: return integers();
    case Against::float_products: return floats();
    case Against::nearer: return std::max(reading(), work.floats ? floats() : integers());
  }
  return 0;
}

void Run::add_row(const Row& row, int threads, const Samples& samples) {
  const double seconds = median(samples.seconds);
  const auto rate = [&](double amount, double unit) {
    return amount > 0 ? std::optional(amount / unit / seconds) : std::nullopt;
  };
  BenchRow measured = {.name = row.name.name,
                       .threads = threads,
                       .n = row.name.n,
                       .gb_s = rate(row.work.bytes, 1e9),
                       .gop_s = rate(row.work.operations, 1e9),
                       .tokens_s = rate(row.work.tokens, 1),
                       .fraction_of_limit = {}};
  if (!samples.fractions.empty()) measured.fraction_of_limit = median(samples.fractions);
  if (options_.on_row) options_.on_row(measured);
  report_.rows.push_back(std::move(measured));
}

Status check(const BenchOptions& options) {
  constexpr int kMaxThreads = 1024;
  for (const int threads : options.threads)
    if (threads < 0 || threads > kMaxThreads)
      return error(StatusCode::invalid_argument, "threads is ", threads, ", must be 0 (all) to ", kMaxThreads);
  if (options.rounds < 1)
    return error(StatusCode::invalid_argument, "rounds is ", options.rounds, ", must be 1 or more");
  const Result<std::vector<std::string>> rows = bench_rows(options.filter);
  return rows.ok() ? Status() : rows.status();
}

}  // namespace
}  // namespace bench

Result<std::vector<std::string>> bench_rows(const std::string& filter) try {
  const Result<std::vector<bench::Family>> families = bench::chosen(bench::all_families(1), filter);
  if (!families.ok()) return families.status();
  const Result<std::regex> wanted = bench::parse_filter(filter);
  std::vector<std::string> names;
  for (const bench::Family& family : *families)
    for (const bench::RowName& row : family.rows)
      if (bench::wants(*wanted, row)) names.push_back(row.name);
  return names;
} catch (...) {
  return caught();
}

Result<BenchReport> run_bench(const BenchOptions& options) try {
  if (Status s = bench::check(options); !s.ok()) return s;
  const CancelScope scope(options.keep_going);
  Result<std::vector<bench::Lane>> lanes = bench::make_lanes(options.threads, options.layout, options.log);
  if (!lanes.ok()) return lanes.status();
  bench::Run run(options, *std::move(lanes));
  Status status;
  try {
    status = run.all();
  } catch (const Cancelled&) {
    status = cancelled_status();
  }
  if (!status.ok() && status.code() != StatusCode::cancelled) return status;
  BenchReport report = run.finish();
  report.cancelled = !status.ok();
  return report;
} catch (...) {
  return caught();
}

Result<std::vector<MachineLimit>> machine_limits(int threads, const std::function<bool()>& keep_going) try {
  const CancelScope scope(keep_going);
  constexpr int kWindows = 4;
  constexpr uint64_t kMost = uint64_t{384} << 20;  // more would take its time to be had from the system
  bench::Limits limits(simd_level(), kWindows, kMost);
  limits.measure_all(threads > 0 ? threads : usable_processors());
  return limits.found();
} catch (...) {
  return caught();
}

double peak_limit(const std::vector<MachineLimit>& limits, const std::string& name) {
  const auto found = std::ranges::find(limits, name, &MachineLimit::name);
  return found == limits.end() ? 0 : found->gop_s;
}

// The smallest measured size that is not smaller; caches are measured half full.
double read_limit(const std::vector<MachineLimit>& limits, uint64_t bytes) {
  const MachineLimit* holds = nullptr;
  const MachineLimit* largest = nullptr;
  for (const MachineLimit& limit : limits) {
    if (limit.bytes == 0) continue;
    if (!largest || limit.bytes > largest->bytes) largest = &limit;
    if (bytes <= limit.bytes && (!holds || limit.bytes < holds->bytes)) holds = &limit;
  }
  return holds ? holds->gb_s : largest ? largest->gb_s : 0;
}

}  // namespace tritium
