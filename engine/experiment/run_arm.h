// One run of a study: an arm with a seed.
#pragma once

#include "experiment/arms.h"
#include "experiment/rows.h"
#include "experiment/work_folder.h"

namespace tritium::experiment {

// The texts of a study as files of its folder.
struct StudyTexts {
  std::string train, valid;                // files
  std::string source_train, source_valid;  // the same of the source
  uint64_t checksum = 0;                   // of all that was given
};

class ArmRunner {
 public:
  ArmRunner(const Study& study, const StudyOptions& options, const WorkFolder& folder, StudyTexts texts)
      : study_(study), options_(options), folder_(folder), texts_(std::move(texts)) {}

  // What decides over the result of a run, as JSON, without the seed; and its checksum with that of the texts.
  Result<std::string> settings(const Arm& arm) const;
  std::string identity(const Arm& arm, const std::string& settings) const;

  Result<Figures> run(const Arm& arm, uint32_t seed) const;

 private:
  Result<TrainOptions> options_of(const Arm& arm) const;
  Result<TrainOptions> options_of(const Arm& arm, uint32_t seed) const;
  TrainOptions source_options(uint32_t seed) const;
  Result<Figures> train_arm(const Arm& arm, uint32_t seed, bool exported) const;
  Result<Figures> adapt_arm(const Arm& arm, uint32_t seed) const;
  Result<Figures> golf_arm(const Arm& arm, uint32_t seed) const;
  Result<std::string> source_file(uint32_t seed) const;
  GolfOptions golf_options(const Arm& arm, uint32_t seed) const;

  const Study& study_;
  const StudyOptions& options_;
  const WorkFolder& folder_;
  StudyTexts texts_;
};

}  // namespace tritium::experiment
