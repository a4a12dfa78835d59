# cmake -DFOLDER=… -DOUTPUT=… -P shader_files.cmake: rows `{"lib/grid.glsl", "SHA-256"},` of every file below FOLDER, by name.
file(GLOB_RECURSE files RELATIVE ${FOLDER} ${FOLDER}/*)
list(SORT files)  # by bytes, as std::string_view compares
set(rows "")
foreach(file ${files})
  file(SHA256 ${FOLDER}/${file} sum)
  string(APPEND rows "{\"${file}\", \"${sum}\"},\n")
endforeach()
file(WRITE ${OUTPUT} "${rows}")
