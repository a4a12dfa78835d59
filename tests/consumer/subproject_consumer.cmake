# add_subdirectory and FetchContent of a folder give the same targets, with neither tests nor anything to install. With RUN
# they are built (once: both build in one place; without optimisation and symbols, for what is shown is that it is built, and
# writes the same) and run; without it configured only: the sources are those that the other tests compile.
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
foreach(way ADDED FETCHED)
  configure_app(-DADDED= -DFETCHED= -D${way}=${SOURCE} -DCMAKE_BUILD_TYPE=Debug
                -DCMAKE_CXX_FLAGS_DEBUG=-O0 -DCMAKE_C_FLAGS_DEBUG=-O0)
  if(RUN)
    set(names c_static c_shared cpp_static cpp_shared)
    run(${CMAKE_COMMAND} --build ${WORK}/build --target ${names})
    run(${MAKE_MODEL} ${WORK}/model.gguf)
    list(TRANSFORM names PREPEND ${WORK}/build/ OUTPUT_VARIABLE programs)
    same_text(${programs})
    message("${way}: built, and wrote the same four times")
  endif()
  run(${CMAKE_COMMAND} --install ${WORK}/build --prefix ${WORK}/prefix)
  if(EXISTS ${WORK}/prefix)
    message(FATAL_ERROR "a subproject installs without being asked")
  endif()
endforeach()
