# cmake -DFOLDER=page -DOUTPUT=page.cpp -P embed_page.cmake: the folder's files as page_file() gives them (page.h).
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)
set(types html "text/html; charset=utf-8" css "text/css; charset=utf-8" js "text/javascript; charset=utf-8"
          svg "image/svg+xml" json "application/json" txt "text/plain; charset=utf-8" png "image/png")
set(arrays "")
set(rows "")
set(n 0)
foreach(file ${files})
  get_filename_component(extension ${file} LAST_EXT)
  string(SUBSTRING "${extension}" 1 -1 extension)
  list(FIND types "${extension}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "${FOLDER}/${file}: of what type is a .${extension}? embed_page.cmake lists those it knows")
  endif()
  math(EXPR at "${at} + 1")
  list(GET types ${at} type)
  file(READ ${FOLDER}/${file} hex HEX)
  string(REGEX REPLACE "(..)" "'\\\\x\\1'," bytes "${hex}")
  string(LENGTH "${hex}" length)
  math(EXPR length "${length} / 2")
  string(APPEND arrays "constexpr char kFile${n}[] = {${bytes}'\\0'};\n")
  set(path "/${file}")
  if(path STREQUAL "/index.html")
    set(path "/")
  endif()
  string(APPEND rows "    {\"${path}\", \"${type}\", {kFile${n}, ${length}}},\n")
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

}  // namespace tritium::server
")
