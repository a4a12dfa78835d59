# The README's program in a language is the file of examples/: cmake -DREADME=… -DLANGUAGE=c -DEXAMPLE=… -P readme_example.cmake
file(READ ${README} text)
file(READ ${EXAMPLE} example)
string(FIND "${text}" "```${LANGUAGE}\n${example}```" place)
if(place EQUAL -1)
  message(FATAL_ERROR "${README} does not show ${EXAMPLE} as it is")
endif()
