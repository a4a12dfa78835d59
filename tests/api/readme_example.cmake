# The README's example is extracted and compiled as it stands: cmake -DREADME=… -DOUT=… -P readme_example_test.cmake
file(READ ${README} text)
string(FIND "${text}" "```cpp\n" start)
math(EXPR start "${start} + 7")
string(SUBSTRING "${text}" ${start} -1 rest)
string(FIND "${rest}" "```" end)
string(SUBSTRING "${rest}" 0 ${end} example)
file(WRITE ${OUT} "${example}")
