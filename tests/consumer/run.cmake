# run(COMMAND…): shows what it printed and ends the test where it fails; its stdout is in `output`.
function(run)
  execute_process(COMMAND ${ARGN} WORKING_DIRECTORY ${WORK} RESULT_VARIABLE result OUTPUT_VARIABLE text ERROR_VARIABLE errors)
  if(NOT result EQUAL 0)
    list(JOIN ARGN " " command)
    message(FATAL_ERROR "${command}\n${text}${errors}ended with ${result}")
  endif()
  set(output "${text}" PARENT_SCOPE)
endfunction()

# configure_app(ARGUMENTS…): the project app/ into WORK/build.
function(configure_app)
  run(${CMAKE_COMMAND} -S ${APP} -B ${WORK}/build -G ${GENERATOR} -DCMAKE_MAKE_PROGRAM=${MAKE_PROGRAM}
      -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_C_COMPILER=${C_COMPILER} "-DCMAKE_CXX_FLAGS=${FLAGS}" "-DCMAKE_C_FLAGS=${FLAGS}"
      -DEXAMPLES=${SOURCE}/examples ${ARGN})
endfunction()

# same_text(PROGRAM…): each writes something in WORK, where a model.gguf lies, and all write the same.
function(same_text)
  set(first "")
  foreach(program ${ARGN})
    run(${program})
    if(output STREQUAL "" OR NOT (first STREQUAL "" OR output STREQUAL first))
      message(FATAL_ERROR "${program} wrote \"${output}\", others \"${first}\"")
    endif()
    set(first "${output}")
  endforeach()
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
