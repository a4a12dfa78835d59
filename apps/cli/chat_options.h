// Options of commands that render a chat template.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "tritium/tritium.hpp"

namespace tritium::cli {

struct TemplateOptions {
  std::string file;  // of the template; "": the model's
  std::vector<std::string> variables;
  std::string name;
  std::string now;
};

void add_template_options(CLI::App& command, TemplateOptions& options);

// What they say, with the template's file read. invalid_argument: a --var that is no NAME=JSON.
Result<ChatOptions> chat_options(const TemplateOptions& options);

}  // namespace tritium::cli
