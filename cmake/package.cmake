# tritium_install_package(): `cmake --install` puts the program, the libraries, the public headers and a CMake package under
# a prefix: find_package(tritium) then gives tritium::tritium and, where it was built, tritium::training.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

function(tritium_install_package)
  # Who links a static library links what it needs: all that these two are made of is installed. install(EXPORT) refuses
  # to leave one out.
  set(parts base tensor ops cpu_ref cpu vulkan format text model_files graph model layers selftest backends train convert artifact bench api experiment)
  foreach(part ${parts})
    set_target_properties(tritium_${part} PROPERTIES EXPORT_NAME ${part})
    install(TARGETS tritium_${part} EXPORT tritiumTargets
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  endforeach()
  set_target_properties(tritium_convert PROPERTIES EXPORT_NAME convert)
  set_target_properties(tritium_api PROPERTIES EXPORT_NAME tritium)
  set_target_properties(tritium_train PROPERTIES EXPORT_NAME training)
  install(DIRECTORY engine/include/tritium DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

  set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/tritium)
  install(EXPORT tritiumTargets NAMESPACE tritium:: DESTINATION ${folder})
  # In a folder of their own: find_package() looks into the folders of PATH, in which a build folder may be, and these are
  # of use only where they are installed.
  set(generated ${PROJECT_BINARY_DIR}/package)
  configure_package_config_file(cmake/tritiumConfig.cmake.in ${generated}/tritiumConfig.cmake INSTALL_DESTINATION ${folder})
  # Before 1.0 a minor version may change the interface.
  write_basic_package_version_file(${generated}/tritiumConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${generated}/tritiumConfig.cmake ${generated}/tritiumConfigVersion.cmake cmake/needed_libraries.cmake
          DESTINATION ${folder})
  file(REMOVE ${PROJECT_BINARY_DIR}/tritiumConfig.cmake ${PROJECT_BINARY_DIR}/tritiumConfigVersion.cmake)  # of earlier versions

  if(TARGET tritium_cli)
    install(TARGETS tritium_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()
