#include "tensor/npy.h"

#include "base/atomic_file.h"

namespace tritium {
namespace {

const char* numpy_type(DType dtype) {
  switch (dtype) {
    case DType::f32: return "<f4";
    case DType::f16: return "<f2";
    case DType::bf16: return "<u2";
    case DType::i8: return "|i1";
    case DType::i32: return "<i4";
    case DType::trit2: return "<u4";
    case DType::q8_0:
    case DType::q4_0:
    case DType::q4_k:
    case DType::q6_k: break;  // bytes of blocks
  }
  return "|u1";
}

}  // namespace

Status write_npy(const std::string& path, DType dtype, const Shape& shape, std::span<const std::byte> data) {
  std::string dims;
  for (int i = 0; i < shape.rank(); ++i) dims += std::to_string(shape[i]) + ",";
  std::string header =
      std::string("{'descr': '") + numpy_type(dtype) + "', 'fortran_order': False, 'shape': (" + dims + "), }";
  constexpr size_t kPreamble = 10;  // magic, version, header length
  header.resize((kPreamble + header.size() + 1 + 63) / 64 * 64 - kPreamble - 1, ' ');
  header += '\n';
  std::string start = "\x93NUMPY";
  start += '\1';
  start += '\0';
  start += static_cast<char>(header.size() & 255);
  start += static_cast<char>(header.size() >> 8);
  start += header;

  Result<AtomicFile> file = AtomicFile::create(path);
  if (!file.ok()) return file.status();
  if (Status status = file->write(std::as_bytes(std::span(start))); !status.ok()) return status;
  if (Status status = file->write(data); !status.ok()) return status;
  return file->commit();
}

}  // namespace tritium
