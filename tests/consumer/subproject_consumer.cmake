# add_subdirectory gives the same targets, with neither tests nor anything to install. Configured only: the sources are
# those that the other tests compile.
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)
configure_app(-DTRITIUM_SOURCE=${SOURCE})
run(${CMAKE_COMMAND} --install ${WORK}/build --prefix ${WORK}/prefix)
if(EXISTS ${WORK}/prefix)
  message(FATAL_ERROR "a subproject installs without being asked")
endif()
