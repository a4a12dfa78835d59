// Which checkpoint a run goes on from, and which it does not and why.
#pragma once

#include <set>
#include <string>

#include "train/checkpoint.h"
#include "tritium/log.hpp"

namespace tritium::training {

struct ResumeChoice {
  std::string path;  // empty: there is none
  CheckpointState state;
  std::set<std::string> passed_over;  // names of what is damaged or of another run
};

// Of a folder's checkpoints that with the most steps (it may be the best one) that is whole and of `wanted`; what it
// does not know of the run or the model, any may have. What is passed over on the way is said as a warning. When
// there are checkpoints and none can be taken, that is an error: beginning anew would overwrite the run.
Result<ResumeChoice> checkpoint_to_resume(const std::string& folder, const RunIdentity& wanted, const LogSink& log);

// The same of one that the user names.
Result<ResumeChoice> named_checkpoint(const std::string& path, const RunIdentity& wanted, const LogSink& log);

// Paths of those in a folder whose header can be read, that are of `run` or do not say of which, most steps first;
// without the best one.
std::vector<std::string> list_checkpoints(const std::string& folder, const std::string& run);

// Keys of the options, both as JSON, in which two runs would learn something else; empty: there are none.
std::string changed_options(const std::string& before, const std::string& now);

}  // namespace tritium::training
