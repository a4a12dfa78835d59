// Products of bytes, four to a word, and sums of 16 of them: by dot products where the device has an instruction for
// them (the variant "dot" of a kernel), else one by one: the same integers. GLSL only.
#ifndef TRITIUM_LIB_BYTE_PRODUCTS_GLSL
#define TRITIUM_LIB_BYTE_PRODUCTS_GLSL

#ifdef TRITIUM_VARIANT_DOT
#extension GL_EXT_spirv_intrinsics : require
// OpSDot of SPV_KHR_integer_dot_product on PackedVectorFormat4x8Bit (0): glslc has no built-in function for it yet.
spirv_instruction(extensions = ["SPV_KHR_integer_dot_product"], capabilities = [6018, 6019], id = 4450)
int signed_dot(uint a, uint b, spirv_literal int format);

int with_signed_products(int sum, uvec4 a, uvec4 b) {
  for (uint i = 0u; i < 4u; ++i) sum += signed_dot(a[i], b[i], 0);
  return sum;
}

// sum plus 16 signed values.
int with_values(int sum, uvec4 values) { return with_signed_products(sum, uvec4(0x01010101u), values); }

// sum plus codes 0 … 127 times signed values.
int with_byte_products(int sum, uvec4 codes, uvec4 values) { return with_signed_products(sum, codes, values); }
#else
// Of unsigned bytes: two sums in the halves of a word.
uint sum_of_bytes(uvec4 words) {
  uint halves = 0u;
  for (uint i = 0u; i < 4u; ++i) halves += (words[i] & 0x00FF00FFu) + ((words[i] >> 8u) & 0x00FF00FFu);
  return (halves & 0xFFFFu) + (halves >> 16u);
}

// Signed values are taken as value + 128: numbers without a sign of at most 24 bits most devices multiply four times as
// fast as any others, which is why products are made of these.
uvec4 raised(uvec4 values) { return values ^ 0x80808080u; }

// sum plus 16 signed values.
int with_values(int sum, uvec4 values) { return sum + int(sum_of_bytes(raised(values))) - 16 * 128; }

// sum plus codes 0 … 255 times signed values.
int with_byte_products(int sum, uvec4 codes, uvec4 values) {
  const uvec4 bytes = raised(values);
  uint products = 0u;
  for (uint i = 0u; i < 16u; ++i)
    products +=
        bitfieldExtract(codes[i / 4u], int(8u * (i % 4u)), 8) * bitfieldExtract(bytes[i / 4u], int(8u * (i % 4u)), 8);
  return sum + int(products) - 128 * int(sum_of_bytes(codes));
}
#endif

// a b for 0 <= a < 256, -65536 <= b < 65536, as a product without a sign of 24 bits: of b + 65536, which is an
// exclusive or, for compilers move sums away.
int small_product(uint a, int b) { return int(a * (uint(b ^ 0x10000) & 0x1FFFFu) - (a << 16u)); }
// The same for -128 <= a < 128.
int signed_small_product(int a, int b) { return small_product(uint(a ^ 0x80) & 0xFFu, b) - (b << 7); }

#endif
