// What `tritium experiment` has beside its studies. Each adds itself to that command.
#pragma once

#include "cli/commands.h"

namespace tritium::cli {

void add_golf(CLI::App& experiment, Action& action);
void add_study(CLI::App& experiment, Action& action);
void add_pack(CLI::App& experiment, Action& action);
void add_unpack(CLI::App& experiment, Action& action);

}  // namespace tritium::cli
