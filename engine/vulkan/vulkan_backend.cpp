#include "vulkan/vulkan_backend.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <cstring>

#include "base/checked_math.h"
#include "base/environment.h"
#include "base/format_text.h"
#include "ops/program.h"
#include "ops/weight_layout.h"
#include "shaders/lib/device_trits.h"
#include "vulkan/fusion/fusion_chooser.h"
#include "vulkan/fusion/fusion_timer.h"
#include "vulkan/gpu.h"
#include "vulkan/kernel.h"
#include "vulkan/ops/record.h"
#include "vulkan/program_times.h"

namespace tritium::vulkan {
namespace {

class VulkanBackend final : public Each<VulkanBackend, Backend, AllOps> {
 public:
  VulkanBackend(std::unique_ptr<Gpu> gpu, const VulkanOptions& options, const FusionSetting& fusions)
      : gpu_(std::move(gpu)), profiles_(options.profile && gpu_->has_marks()), chooser_(chooser(options, fusions)) {}

  Gpu& gpu() { return *gpu_; }
  const Gpu& gpu() const { return *gpu_; }
  bool profiles() const { return profiles_; }
  std::vector<ProfileEntry> times() const {
    (void)times_.settle();  // what is lost with its device has no time
    return times_.longest_first();
  }
  const FusionChooser& chooser() const { return *chooser_; }

  std::string name() const override { return join("vulkan:", gpu_->description().index); }
  uint64_t available_memory() const override { return gpu_->available_memory(); }
  Result<Tensor> allocate(const Shape& shape, DType dtype, const std::string& debug_name) override {
    return gpu_->allocate(shape, dtype, debug_name);
  }
  Status upload(const Tensor& tensor, std::span<const std::byte> data) override { return gpu_->upload(tensor, data); }
  Status download(const Tensor& tensor, std::span<std::byte> data) override { return gpu_->download(tensor, data); }
  Result<Weight> upload_rows(const TernaryRows& rows, const std::string& debug_name) override;
  Result<Weight> upload_rows(const DenseRows& rows, const std::string& debug_name) override;
  std::string_view weight_layout() const override { return "transposed codes"; }
  Result<TernaryMatrix> download_weight(const Weight& weight) override;
  Status submit() override { return gpu_->submit(); }
  Status finish() override {
    const Result<uint64_t> post = gpu_->post();
    return post.ok() ? gpu_->wait(*post) : post.status();
  }
  bool is_asynchronous() const override { return true; }
  // One runs, one waits behind it, and the host has time for a third. A profile looks at each.
  int64_t passes_under_way() const override { return profiles_ ? 1 : 3; }
  Result<std::unique_ptr<Mailbox>> make_mailbox(int64_t n) override;
  void rewrite(Program& program) const override {
    const Limits& limits = gpu_->recorder().limits();
    chooser_->rewrite(program, {.tensors = limits.storage_buffers, .tensor_bytes = limits.storage_range});
  }
  // One command buffer, or a few where it would run too long.
  Result<std::unique_ptr<Replay>> prepare(const Program& program) override;
  void push_label(std::string_view name) override { gpu_->push_label(name); }
  void pop_label() override { gpu_->pop_label(); }

  // Every dispatch of an operation lies in a label with the operation's name.
  template <typename Op>
  Status each(const Op& op) {
    gpu_->push_label(Op::kName);
    gpu_->expect(seconds_of(most_work_of(op), gpu_->recorder().limits().rates));
    Status status = vulkan::record(gpu_->recorder(), op);
    gpu_->pop_label();
    return status.ok() && marks_ ? gpu_->mark() : status;
  }

 private:
  Result<std::unique_ptr<Replay>> prepare_timed(const Program& program);
  std::unique_ptr<FusionChooser> chooser(const VulkanOptions& options, const FusionSetting& fusions);

  std::unique_ptr<Gpu> gpu_;
  bool profiles_ = false;
  bool marks_ = false;  // while a program is recorded that notes times
  mutable ProgramTimes times_{*this, *gpu_};
  std::unique_ptr<FusionChooser> chooser_;
};

std::unique_ptr<FusionChooser> VulkanBackend::chooser(const VulkanOptions& options, const FusionSetting& fusions) {
  const std::filesystem::path& folder = gpu_->cache_folder();
  const CacheKey key = gpu_->cache_key();
  FusionChooserOptions chooser = {
      .setting = fusions,
      .seconds = options.fusion_seconds,
      .anew = options.time_fusions_anew,
      .settle = [this] { return gpu_->finish(); },
      .now = [] { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); },
      .file = folder.empty() ? folder : cache_file(folder, kFusionCache, key),
      .key = key,
      .log = options.log};
  if (options.capture_file.empty())
    chooser.time = [this](std::span<const Fusion> alike, double seconds) {
      return FusionTimer(*this, *gpu_).time(alike, seconds);
    };
  return std::make_unique<FusionChooser>(std::move(chooser));
}

class ReadableMailbox final : public Mailbox {
 public:
  ReadableMailbox(Gpu& gpu, const Tensor& slots) : Mailbox(slots), gpu_(gpu) {}

  Result<uint64_t> post() override { return gpu_.post(); }
  Status read(uint64_t post, int64_t first, std::span<int32_t> values) override {
    if (Status s = gpu_.wait(post); !s.ok()) return s;
    const auto bytes = Gpu::mapped(slots()).subspan(static_cast<size_t>(first) * sizeof(int32_t), values.size_bytes());
    std::memcpy(values.data(), bytes.data(), bytes.size());
    return Status();
  }

 private:
  Gpu& gpu_;
};

Result<std::unique_ptr<Mailbox>> VulkanBackend::make_mailbox(int64_t n) {
  const Result<Tensor> slots = gpu_->allocate_readable({n}, DType::i32, "mailbox");
  if (!slots.ok()) return slots.status();
  return std::unique_ptr<Mailbox>(std::make_unique<ReadableMailbox>(*gpu_, *slots));
}

class RecordedReplay final : public Replay {
 public:
  RecordedReplay(Gpu& gpu, std::shared_ptr<const RecordedCommands> commands)
      : gpu_(gpu), commands_(std::move(commands)) {}
  Status run() override { return gpu_.run(commands_); }

 private:
  Gpu& gpu_;
  std::shared_ptr<const RecordedCommands> commands_;
};

Result<std::unique_ptr<Replay>> VulkanBackend::prepare_timed(const Program& program) {
  const auto most_marks = static_cast<uint32_t>(program.steps().size() + 1);
  const auto commands = gpu_->record(
      [&] {
        if (Status s = gpu_->mark(); !s.ok()) return s;
        marks_ = true;
        return walk(*this, program);
      },
      most_marks);
  marks_ = false;  // also when the driver threw
  if (!commands.ok()) return commands.status();
  return times_.replay(*commands, program);
}

Result<std::unique_ptr<Replay>> VulkanBackend::prepare(const Program& program) {
  if (profiles_) return prepare_timed(program);
  Result<std::shared_ptr<const RecordedCommands>> commands = gpu_->record([&] { return walk(*this, program); });
  if (!commands.ok()) return commands.status();
  return std::unique_ptr<Replay>(std::make_unique<RecordedReplay>(*gpu_, *std::move(commands)));
}

// Fills chunks of a plane whose rows have so many bytes, in order: whole rows where they are wanted, the others by way
// of a row of its own. read(first, n, out) gives whole rows.
template <typename Read>
Status write_rows(uint64_t row_bytes, uint64_t begin, std::span<std::byte> out, const Read& read) {
  std::vector<std::byte> row;
  while (!out.empty()) {
    const uint64_t number = begin / row_bytes, skipped = begin % row_bytes;
    const uint64_t whole = skipped == 0 ? out.size() / row_bytes : 0;
    uint64_t done = whole * row_bytes;
    if (whole > 0) {
      if (Status s = read(number, whole, out.first(done)); !s.ok()) return s;
    } else {
      row.resize(row_bytes);
      if (Status s = read(number, uint64_t{1}, std::span(row)); !s.ok()) return s;
      done = std::min<uint64_t>(row_bytes - skipped, out.size());
      std::copy_n(row.begin() + static_cast<std::ptrdiff_t>(skipped), done, out.begin());
    }
    begin += done;
    out = out.subspan(done);
  }
  return Status();
}

template <typename Read>
Status upload_rows_of(Gpu& gpu, const Tensor& plane, int64_t n_rows, const Read& read) {
  const auto bytes = static_cast<uint64_t>(plane.bytes());
  Status status;
  const Status sent = gpu.upload(plane, bytes, [&](uint64_t begin, std::span<std::byte> out) {
    if (status.ok()) status = write_rows(bytes / static_cast<uint64_t>(n_rows), begin, out, read);
  });
  return status.ok() ? sent : status;
}

Result<Weight> VulkanBackend::upload_rows(const TernaryRows& rows, const std::string& debug_name) {
  Weight weight = describe_weight(rows, debug_name);
  Result<Tensor> data = gpu_->allocate_weight(weight.data.shape, weight.data.dtype, debug_name);
  if (!data.ok()) return data.status();
  weight.data = *data;
  const auto groups = static_cast<size_t>(rows.groups_per_row()), per_row = static_cast<size_t>(rows.words_per_row());
  std::vector<float> stored(static_cast<size_t>(rows.n_rows()) * groups);
  std::vector<uint32_t> words;
  const Status status = upload_rows_of(*gpu_, weight.data, rows.n_rows(), [&](uint64_t first, uint64_t n, auto out) {
    words.resize(n * per_row);
    const Status read = rows.read(static_cast<int64_t>(first), static_cast<int64_t>(n), words,
                                  std::span(stored).subspan(first * groups, n * groups));
    std::ranges::transform(words, words.begin(), shader::transposed_codes);
    if (read.ok()) std::ranges::copy(std::as_bytes(std::span(words)), out.begin());
    return read;
  });
  if (!status.ok()) return status;
  const std::vector<float> values = settle_scales(weight, rows, stored);
  Result<Tensor> scales = gpu_->allocate_weight(weight.scales.shape, DType::f32, debug_name + ".scales");
  if (!scales.ok()) return scales.status();
  weight.scales = *scales;
  if (Status s = gpu_->upload(weight.scales, std::as_bytes(std::span(values))); !s.ok()) return s;
  return weight;
}

Result<TernaryMatrix> VulkanBackend::download_weight(const Weight& weight) {
  std::vector<uint32_t> words(static_cast<size_t>(weight.data.bytes()) / sizeof(uint32_t));
  std::vector<float> scales(static_cast<size_t>(weight.scales.elements()));
  if (Status s = gpu_->download(weight.data, std::as_writable_bytes(std::span(words))); !s.ok()) return s;
  if (Status s = gpu_->download(weight.scales, std::as_writable_bytes(std::span(scales))); !s.ok()) return s;
  std::ranges::transform(words, words.begin(), shader::transposed_codes);
  return matrix_of(weight, words, scales);
}

// Dense rows lie row_stride elements apart; packed ones become codes and scales.
Result<Weight> VulkanBackend::upload_rows(const DenseRows& rows, const std::string& debug_name) {
  Weight weight = describe_weight(rows, debug_name);
  for (Tensor* plane : {&weight.data, &weight.scales}) {
    if (plane == &weight.scales && !weight.packed()) continue;
    Result<Tensor> made = gpu_->allocate_weight(plane->shape, plane->dtype, debug_name);
    if (!made.ok()) return made.status();
    *plane = *made;
  }
  const auto row_bytes = static_cast<size_t>(rows.row_bytes());
  const PackedRow packed = weight.packed() ? packed_row(weight.dtype, weight.row_stride) : PackedRow{};
  const auto n_words = static_cast<size_t>(packed.words), n_scales = static_cast<size_t>(packed.scale_words);
  std::vector<uint32_t> words(n_words), scales(static_cast<size_t>(rows.n_rows()) * n_scales);
  std::vector<std::byte> bytes;
  const Status status = upload_rows_of(*gpu_, weight.data, rows.n_rows(), [&](uint64_t first, uint64_t n, auto out) {
    bytes.resize(n * row_bytes);
    if (Status s = rows.read(static_cast<int64_t>(first), static_cast<int64_t>(n), bytes); !s.ok()) return s;
    std::ranges::fill(out, std::byte{0});
    for (size_t r = 0; r < n; ++r) {
      const auto from = std::span<const std::byte>(bytes).subspan(r * row_bytes, row_bytes);
      const auto to = out.subspan(r * (out.size() / n));
      if (weight.packed()) {
        pack_row(weight.dtype, from, words, std::span(scales).subspan((first + r) * n_scales, n_scales));
        std::ranges::copy(std::as_bytes(std::span(words)), to.begin());
      } else {
        std::ranges::copy(from, to.begin());
      }
    }
    return Status();
  });
  if (!status.ok()) return status;
  if (weight.packed())
    if (Status s = gpu_->upload(weight.scales, std::as_bytes(std::span(scales))); !s.ok()) return s;
  return weight;
}

Result<Gpu*> gpu_of(Backend& backend) {
  auto* vulkan = dynamic_cast<VulkanBackend*>(&backend);
  if (!vulkan)
    return error(StatusCode::invalid_argument, "captures need a Vulkan backend, this one is ", backend.name());
  return &vulkan->gpu();
}

}  // namespace

Result<std::unique_ptr<Backend>> make_vulkan_backend(const VulkanOptions& options) {
  const std::string wanted = options.time_fusions_anew ? "" : environment("TRITIUM_VULKAN_FUSION").value_or("");
  const Result<FusionSetting> fusions = parse_fusion_setting(wanted);
  if (!fusions.ok()) return fusions.status();
  Result<std::unique_ptr<Gpu>> gpu = Gpu::open(options, shader_table());
  if (!gpu.ok()) return gpu.status();
  return std::unique_ptr<Backend>(std::make_unique<VulkanBackend>(std::move(*gpu), options, *fusions));
}

Status begin_capture(Backend& backend) {
  const Result<Gpu*> gpu = gpu_of(backend);
  return gpu.ok() ? (*gpu)->begin_capture() : gpu.status();
}

Status end_capture(Backend& backend) {
  const Result<Gpu*> gpu = gpu_of(backend);
  return gpu.ok() ? (*gpu)->end_capture() : gpu.status();
}

DeviceWork device_work(const Backend& backend) {
  const auto* vulkan = dynamic_cast<const VulkanBackend*>(&backend);
  return vulkan ? vulkan->gpu().work() : DeviceWork();
}

std::optional<std::vector<ProfileEntry>> device_times(const Backend& backend) {
  const auto* vulkan = dynamic_cast<const VulkanBackend*>(&backend);
  if (!vulkan || !vulkan->profiles()) return std::nullopt;
  return vulkan->times();
}

std::vector<FusionChoice> fusion_choices(const Backend& backend) {
  const auto* vulkan = dynamic_cast<const VulkanBackend*>(&backend);
  return vulkan ? vulkan->chooser().choices() : std::vector<FusionChoice>();
}

}  // namespace tritium::vulkan
