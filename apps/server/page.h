// The files of page/, embedded: "/" is index.html.
#pragma once

#include <string_view>

namespace tritium::server {

struct PageFile {
  std::string_view path, content_type, content;
};

// Null: there is no such file.
const PageFile* page_file(std::string_view path);

}  // namespace tritium::server
