# The libraries that vocabularies need: tritium_needs::pcre2 (the 8-bit PCRE2) and tritium_needs::utf8proc, to be linked, and
# where their headers are (TRITIUM_pcre2_INCLUDE_DIR, …), which only the sources of tritium_text see. Also part of the
# installed package: who links that static library links them. Missing ones are in TRITIUM_TEXT_LIBRARIES_MISSING.
set(TRITIUM_TEXT_LIBRARIES_MISSING "")
find_package(PkgConfig QUIET)

# tritium_text_library(TARGET HEADER LIBRARY PKG_CONFIG_NAME)
function(tritium_text_library target header library module)
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
    set(TRITIUM_TEXT_LIBRARIES_MISSING "${TRITIUM_TEXT_LIBRARIES_MISSING} ${module} (${header})" PARENT_SCOPE)
    return()
  endif()
  # Global: a project that adds this one as a folder links them, too. Without its headers, which tritium_text alone reads.
  add_library(tritium_needs::${target} UNKNOWN IMPORTED GLOBAL)
  set_target_properties(tritium_needs::${target} PROPERTIES IMPORTED_LOCATION ${TRITIUM_${target}_LIBRARY})
endfunction()

tritium_text_library(pcre2 pcre2.h pcre2-8 libpcre2-8)
tritium_text_library(utf8proc utf8proc.h utf8proc libutf8proc)
