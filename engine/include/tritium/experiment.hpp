// Experiments with ways to train: small language models under a limit of bytes ("golf"), from a text to an evaluated
// artifact, with and without the faults of published designs; and studies, grids of runs with paired seeds.
//
// Errors, threads and callbacks as in tritium.hpp.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tritium/log.hpp"
#include "tritium/status.hpp"
#include "tritium/training.hpp"

namespace tritium {

// ---- what published designs did otherwise at export than in training ---------------------------------------------

struct ExportFault {
  std::string name, what;
  bool apart = false;  // of weights that were trained in another way, too
};
const std::vector<ExportFault>& export_faults();

struct FaultyExport {
  std::string fault;   // a name of those
  std::string output;  // GGUF file
};

// As train(), whose output must be set; and of the same weights a file for each fault.
Result<TrainReport> train_with_faults(const TrainOptions& options, const TrainCallbacks& callbacks,
                                      const std::vector<FaultyExport>& faulty);

// ---- ways to quantise, over widths

// As quant_compare(): each of its ways at each width, which must be a multiple of twice the heads (4).
Result<std::vector<QuantCompareRow>> quant_compare_widths(const QuantCompareOptions& options,
                                                          const std::vector<int64_t>& widths);

// ---- golf: a model in as many bytes --------------------------------------------------------------------------------

struct GolfPreset {
  std::string name, what;
};
const std::vector<GolfPreset>& golf_presets();
// All that GolfOptions::mismatches takes: export faults, and those of training and of evaluation.
const std::vector<ExportFault>& golf_mismatches();

struct GolfOptions {
  std::string preset;
  std::vector<std::string> data;        // texts to learn; without valid_data their end is held out
  std::vector<std::string> valid_data;  // of which the first valid_bytes are scored
  std::string folder;                   // where results go; empty: a temporary one, which is removed
  double scale = 0.0625;                // of 16,000,000 bytes; 1: the published size
  bool smoke = false;                   // a model of some ten thousand weights and a few steps
  int64_t steps = 0;
  double minutes = 0;      // without steps; 0: 10
  int64_t vocab_size = 0;  // 0: 1024, with smoke 384
  int64_t valid_bytes = 256 << 10;
  uint32_t seed = 0;
  std::string backend = "cpu";
  int threads = 0;
  std::vector<std::string> mismatches;
  LogSink log{};
  std::function<bool(const std::string& what, double fraction)> progress{};  // returning false cancels
  std::function<bool()> keep_going{};                                        // options.hpp
};

struct GolfMismatch {
  std::string name, what;
  double exported_bpb = 0;
  double cost_bpb = 0;  // more than without it
};

struct GolfResult {
  std::string preset, transformer;  // as JSON
  std::string options;              // TrainOptions as JSON
  double train_bpb = 0, valid_bpb = 0, exported_bpb = 0;
  double gap_bpb() const { return exported_bpb - valid_bpb; }
  uint64_t artifact_bytes = 0, artifact_limit = 0, model_bytes = 0;
  bool fits() const { return artifact_bytes <= artifact_limit; }
  uint64_t parameters = 0, active_parameters = 0;
  int64_t vocab_size = 0, steps = 0, train_tokens = 0, valid_tokens = 0, valid_bytes = 0;
  double seconds = 0;  // of training
  double tokens_per_second = 0;
  std::vector<GolfMismatch> mismatches;
};

Result<GolfResult> golf(const GolfOptions& options);

// ---- studies -------------------------------------------------------------------------------------------------------

struct StudyName {
  std::string name, question;
};
const std::vector<StudyName>& studies();

struct StudyOptions {
  std::string study;
  std::vector<std::string> data, valid_data;
  std::vector<std::string> source;  // of studies of a change of texts: what the model knows before
  std::string folder;               // NAME.jsonl, NAME.svg, and what runs need
  bool smoke = false;               // tiny models, a few steps
  bool resume = false;              // go on with the rows that are there
  int64_t seeds = 0;                // 0: 5, with smoke 2
  int64_t steps = 0;                // of each run; 0: the study's own
  double minutes = 0;               // of each run, in place of steps
  std::vector<std::string> arms;    // these alone; empty: all
  double scale = 0.0625;            // of parameter-golf
  int threads = 0;
  LogSink log{};
  // Before each run: which it is, of how many; false ends the study.
  std::function<bool(const std::string& what, int64_t run, int64_t runs)> progress{};
  std::function<bool()> keep_going{};
};

struct Interval {
  double mean = 0;
  double half_width = 0;  // of 95 % by Student's t; 0 for one value
  int64_t n = 0;
};

struct StudyFigure {
  std::string name;
  Interval value;
  std::optional<Interval> difference;  // from `against`, of the seeds that both have
};

struct StudyArm {
  std::string name, what, against;
  std::vector<StudyFigure> figures;  // the study's main one first
};

struct StudyReport {
  std::string study, question, main_figure;
  std::vector<StudyArm> arms;
  int64_t runs = 0, runs_before = 0;  // in all; of which found in the file
  std::string rows, chart;            // files
};

Result<StudyReport> study(const StudyOptions& options);

}  // namespace tritium
