// The files of page/, embedded: "/" is index.html.
#pragma once

#include <string_view>

namespace tritium::server {

struct PageFile {
  std::string_view path, content_type, etag, content;
};

// Null: there is no such file.
const PageFile* page_file(std::string_view path);

// The header Content-Security-Policy of each of them: page/content_security_policy.txt.
std::string_view page_policy();

}  // namespace tritium::server
