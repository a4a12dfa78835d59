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
      -DCMAKE_CXX_COMPILER=${COMPILER} "-DCMAKE_CXX_FLAGS=${FLAGS}" -DEXAMPLE=${WORK}/example.cpp ${ARGN})
endfunction()

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(${CMAKE_COMMAND} -DREADME=${SOURCE}/README.md -DOUT=${WORK}/example.cpp -P ${SOURCE}/tests/api/readme_example.cmake)
