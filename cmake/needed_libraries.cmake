# The libraries that are linked: tritium_needs::pcre2 (the 8-bit PCRE2) and tritium_needs::utf8proc for vocabularies,
# tritium_needs::zstd for artifacts; and where their headers are (TRITIUM_pcre2_INCLUDE_DIR, …), which only the sources of
# one room see. Also part of the installed package: who links its static libraries links them. Missing ones are in
# TRITIUM_LIBRARIES_MISSING, and what to install on Debian in TRITIUM_DEBIAN_LIBRARIES.
set(TRITIUM_LIBRARIES_MISSING "")
set(TRITIUM_DEBIAN_LIBRARIES "libpcre2-dev libutf8proc-dev libzstd-dev")
find_package(PkgConfig QUIET)

# tritium_needed_library(TARGET HEADER LIBRARY PKG_CONFIG_NAME)
function(tritium_needed_library target header library module)
  if(TARGET tritium_needs::${target})
    return()
  endif()
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(TRITIUM_PC_${target} QUIET ${module})
  endif()
  find_path(TRITIUM_${target}_INCLUDE_DIR ${header} HINTS ${TRITIUM_PC_${target}_INCLUDE_DIRS})
  find_library(TRITIUM_${target}_LIBRARY ${library} HINTS ${TRITIUM_PC_${target}_LIBRARY_DIRS})
  mark_as_advanced(TRITIUM_${target}_INCLUDE_DIR TRITIUM_${target}_LIBRARY)
  if(NOT TRITIUM_${target}_INCLUDE_DIR OR NOT TRITIUM_${target}_LIBRARY)
    set(TRITIUM_LIBRARIES_MISSING "${TRITIUM_LIBRARIES_MISSING} ${module} (${header})" PARENT_SCOPE)
    return()
  endif()
  # Global: a project that adds this one as a folder links them, too. Without its headers, which one room alone reads.
  add_library(tritium_needs::${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(tritium_needs::${target} PROPERTIES IMPORTED_LOCATION ${TRITIUM_${target}_LIBRARY})
endfunction()

tritium_needed_library(pcre2 pcre2.h pcre2-8 libpcre2-8)
tritium_needed_library(utf8proc utf8proc.h utf8proc libutf8proc)
tritium_needed_library(zstd zstd.h zstd libzstd)
