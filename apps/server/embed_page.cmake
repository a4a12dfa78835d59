# cmake -DFOLDER=page -DOUTPUT=page.cpp -P embed_page.cmake: the folder's files as page_file() gives them (page.h).
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
# Of each extension; a list would be cut at the semicolons.
set(type_html "text/html; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_png "image/png")
set(policy_file content_security_policy.txt)
file(READ ${FOLDER}/${policy_file} policy)
string(STRIP "${policy}" policy)
list(REMOVE_ITEM files ${policy_file})
set(arrays "")
set(rows "")
set(n 0)
foreach(file IN LISTS files)
  get_filename_component(extension ${file} LAST_EXT)
  string(REPLACE "." "" extension "${extension}")
  if(NOT DEFINED type_${extension})
    message(FATAL_ERROR "${FOLDER}/${file}: of what type is a \".${extension}\"? embed_page.cmake lists those it knows")
  endif()
  file(READ ${FOLDER}/${file} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(LENGTH "${hex}" length)
  math(EXPR length "${length} / 2")
  file(SHA256 ${FOLDER}/${file} sum)
  string(SUBSTRING ${sum} 0 32 sum)
  string(APPEND arrays "constexpr char kFile${n}[] = {${bytes}'\\0'};\n")
  set(path "/${file}")
  if(path STREQUAL "/index.html")
    set(path "/")
  endif()
  string(APPEND rows "    {\"${path}\", \"${type_${extension}}\", \"\\\"${sum}\\\"\", {kFile${n}, ${length}}},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(WRITE ${OUTPUT} "// Made of page/ by embed_page.cmake.
#include \"server/page.h\"

namespace tritium::server {
namespace {

${arrays}
constexpr PageFile kFiles[] = {
${rows}};

}  // namespace

const PageFile* page_file(std::string_view path) {
  for (const PageFile& file : kFiles)
    if (file.path == path) return &file;
  return nullptr;
}

std::string_view page_policy() { return \"${policy}\"; }

}  // namespace tritium::server
")
