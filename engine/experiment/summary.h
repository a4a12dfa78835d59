// The table and the picture of a study, from its rows.
#pragma once

#include "experiment/arms.h"
#include "experiment/rows.h"

namespace tritium::experiment {

// Of the runs that were asked for. Figures in the order of the first row; the main one first.
std::vector<StudyArm> summary_of(const std::vector<Arm>& arms, const std::vector<Row>& rows,
                                 const std::string& main_figure);

// Each arm's mean and interval of the main figure, below each other. SVG.
std::string chart_of(const StudyReport& report);

}  // namespace tritium::experiment
