// Neighbours in a sequence. Included after `rows` is declared: of each token its position, and the cache row of its
// sequence's position 0. GLSL only.
#ifndef TRITIUM_LIB_SEQUENCE_ROWS_GLSL
#define TRITIUM_LIB_SEQUENCE_ROWS_GLSL

// Whether token t + 1 is the next one of token t's sequence.
bool is_followed(uint t) { return rows[t].y == rows[t + 1u].y && rows[t].x + 1u == rows[t + 1u].x; }

#endif
