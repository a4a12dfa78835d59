# tritium_install_package(): `cmake --install` puts under a prefix, which may be moved: the program, and its unit for
# systemd; libtritium.a, all that the public headers name; libtritium.so, the C ABI; the headers; a CMake package and
# pkg-config files for both; licences. `cpack` in the build folder makes a .deb and a .tar.gz of the same.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# One archive of all rooms: who links it names one file.
function(tritium_add_archive)
  set(objects "")
  foreach(part base tensor ops cpu_ref cpu vulkan format text model_files graph model layers selftest backends train convert
               artifact bench api c_api experiment)
    list(APPEND objects $<TARGET_OBJECTS:tritium_${part}>)
  endforeach()
  add_library(tritium_archive STATIC ${objects})
  set_target_properties(tritium_archive PROPERTIES OUTPUT_NAME tritium LINKER_LANGUAGE CXX EXPORT_NAME tritium)
  target_compile_features(tritium_archive PUBLIC cxx_std_20)
  # Who links a static library links what it needs.
  target_link_libraries(tritium_archive PRIVATE Threads::Threads ${CMAKE_DL_LIBS} ${TRITIUM_SYSTEM_LIBRARIES}
                        tritium_needs::pcre2 tritium_needs::utf8proc tritium_needs::zstd)
endfunction()

# Notices of what is compiled in, headers alone, as Debian's packages have them on the machine of the build.
function(tritium_install_licences)
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
  install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR} RENAME copyright)
  foreach(package libcli11-dev libglm-dev libvulkan-dev libxxhash-dev nlohmann-json3-dev)
    if(EXISTS /usr/share/doc/${package}/copyright)
      install(FILES /usr/share/doc/${package}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}/licences RENAME ${package})
    endif()
  endforeach()
endfunction()

# Names below the prefix, which pkg-config finds from where the file lies.
function(tritium_install_pkg_config folder)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}" OR IS_ABSOLUTE "${CMAKE_INSTALL_INCLUDEDIR}")
    return()
  endif()
  file(RELATIVE_PATH TRITIUM_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  set(TRITIUM_RUNTIME_LIBRARIES "")
  foreach(library ${CMAKE_CXX_IMPLICIT_LINK_LIBRARIES})
    if(library MATCHES "c\\+\\+|^m$")
      string(APPEND TRITIUM_RUNTIME_LIBRARIES " -l${library}")
    endif()
  endforeach()
  foreach(name tritium tritium-static)
    configure_file(cmake/${name}.pc.in ${folder}/${name}.pc @ONLY)
    install(FILES ${folder}/${name}.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
  endforeach()
endfunction()

function(tritium_install_package)
  tritium_add_archive()
  set_target_properties(tritium_shared PROPERTIES EXPORT_NAME shared)
  install(TARGETS tritium_archive EXPORT tritiumStaticTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(TARGETS tritium_shared EXPORT tritiumSharedTargets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
          RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}  # a DLL and what links it
          INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
  install(DIRECTORY engine/include/tritium DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})

  set(folder ${CMAKE_INSTALL_LIBDIR}/cmake/tritium)
  install(EXPORT tritiumStaticTargets NAMESPACE tritium:: DESTINATION ${folder})
  install(EXPORT tritiumSharedTargets NAMESPACE tritium:: DESTINATION ${folder})
  # In a folder of their own: find_package() looks into the folders of PATH, in which a build folder may be, and these are
  # of use only where they are installed.
  set(generated ${PROJECT_BINARY_DIR}/package)
  configure_package_config_file(cmake/tritiumConfig.cmake.in ${generated}/tritiumConfig.cmake INSTALL_DESTINATION ${folder})
  # Before 1.0 a minor version may change the interface.
  write_basic_package_version_file(${generated}/tritiumConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${generated}/tritiumConfig.cmake ${generated}/tritiumConfigVersion.cmake cmake/needed_libraries.cmake
          DESTINATION ${folder})
  file(REMOVE ${PROJECT_BINARY_DIR}/tritiumConfig.cmake ${PROJECT_BINARY_DIR}/tritiumConfigVersion.cmake)  # of earlier versions
  tritium_install_pkg_config(${generated})

  if(TARGET tritium_cli)
    install(TARGETS tritium_cli RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
    if(TARGET tritium_server AND CMAKE_SYSTEM_NAME STREQUAL Linux)
      install(FILES apps/server/deploy/tritium.service DESTINATION lib/systemd/system)  # not lib64: there systemd looks
    endif()
  endif()
  tritium_install_licences()
endfunction()

# The package of a distribution: what it depends on is read off the binaries, where dpkg-shlibdeps is there.
function(tritium_pack)
  set(CPACK_PACKAGE_NAME tritium)
  set(CPACK_PACKAGE_VENDOR tritium)
  set(CPACK_PACKAGE_CONTACT "tritium maintainers <maintainers@tritium.invalid>")
  set(CPACK_PACKAGE_DESCRIPTION_SUMMARY ${PROJECT_DESCRIPTION})
  set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
  set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
  set(CPACK_STRIP_FILES ON)
  set(CPACK_GENERATOR TGZ)
  find_program(TRITIUM_DPKG dpkg)
  mark_as_advanced(TRITIUM_DPKG)
  if(TRITIUM_DPKG)
    list(APPEND CPACK_GENERATOR DEB)
  endif()
  set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
  set(CPACK_DEBIAN_PACKAGE_SECTION science)
  set(CPACK_DEBIAN_PACKAGE_RECOMMENDS libvulkan1)
  find_program(TRITIUM_SHLIBDEPS dpkg-shlibdeps)
  mark_as_advanced(TRITIUM_SHLIBDEPS)
  if(TRITIUM_SHLIBDEPS)
    set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
    set(CPACK_DEBIAN_PACKAGE_GENERATE_SHLIBS ON)  # and has the loader's cache renewed
  endif()
  include(CPack)
endfunction()
