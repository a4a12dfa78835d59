# tritium_install_package(): `cmake --install` puts the program, the libraries, the public headers and a CMake package under
# a prefix: find_package(tritium) then gives tritium::tritium and, where it was built, tritium::training.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

function(tritium_install_package)
  # Who links a static library links what it needs: all that these two are made of is installed. install(EXPORT) refuses
  # to leave one out.
  set(parts base tensor ops cpu_ref cpu vulkan format text graph model layers selftest backends api)
  if(TARGET tritium_train)
    list(APPEND parts train)
  endif()
  foreach(part ${parts})
    set_target_properties(tritium_${part} PROPERTIES EXPORT_NAME ${part})
    install(TARGETS tritium_${part} EXPORT tritiumTargets
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  endforeach()
  set_target_properties(tritium_api PROPERTIES EXPORT_NAME tritium)
  if(TARGET tritium_train)
    set_target_properties(tritium_train PROPERTIES EXPORT_NAME training)
  endif()
  install(DIRECTORY engine/include/tritium DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

  set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/tritium)
  install(EXPORT tritiumTargets NAMESPACE tritium:: DESTINATION ${folder})
  configure_package_config_file(cmake/tritiumConfig.cmake.in tritiumConfig.cmake INSTALL_DESTINATION ${folder})
  # Before 1.0 a minor version may change the interface.
  write_basic_package_version_file(tritiumConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${PROJECT_BINARY_DIR}/tritiumConfig.cmake ${PROJECT_BINARY_DIR}/tritiumConfigVersion.cmake
          DESTINATION ${folder})

  if(TARGET tritium_cli)
    install(TARGETS tritium_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
endfunction()
