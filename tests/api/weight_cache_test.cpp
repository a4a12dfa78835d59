// LoadOptions::cache: the same model from a file of planes, which is made, checked, and replaced where it is of no use.
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "tritium/tritium.hpp"

namespace tritium {
namespace {

namespace fs = std::filesystem;

void write_bytes(const fs::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string read_bytes(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class WeightCacheTest : public testing::Test {
 protected:
  WeightCacheTest()
      : folder_(fs::temp_directory_path() / ("tritium-weight-cache-" + std::to_string(getpid()))),
        model_(folder_ / "model.gguf") {
    fs::create_directories(folder_);
    make_model("");
  }
  ~WeightCacheTest() override {
    std::error_code ignored;
    fs::permissions(folder_, fs::perms::owner_all, ignored);
    fs::remove_all(folder_, ignored);
  }

  void make_model(const std::string& arguments) const {
    ASSERT_EQ(std::system((std::string(TRITIUM_MAKE_MODEL) + " " + model_.string() + " " + arguments).c_str()), 0);
  }

  struct Loaded {
    std::vector<float> logits;
    std::string log;
    bool from_cache() const { return log.find("weights from") != std::string::npos; }
  };
  Loaded load(const std::string& cache = "auto", const std::string& backend = "cpu") const {
    Loaded loaded;
    const Result<Runtime> runtime = Runtime::create(
        {.backend = backend, .log = [&](LogLevel, const std::string& line) { loaded.log += line + "\n"; }});
    EXPECT_TRUE(runtime.ok()) << runtime.message();
    const Result<Model> model = runtime->load(model_.string(), {.cache = cache});
    EXPECT_TRUE(model.ok()) << model.message();
    if (!model.ok()) return loaded;
    Result<Session> session = model->create_session();
    EXPECT_TRUE(session.ok()) << session.message();
    const Result<std::span<const float>> logits = session->evaluate(std::vector<int32_t>{1, 40, 50});
    EXPECT_TRUE(logits.ok()) << logits.message();
    loaded.logits.assign(logits->begin(), logits->end());
    return loaded;
  }

  std::vector<fs::path> caches() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::directory_iterator(folder_))
      if (entry.path().extension() == ".tritium-cache") found.push_back(entry.path());
    return found;
  }

  const fs::path folder_, model_;
};

TEST_F(WeightCacheTest, TheSecondLoadIsFromTheCacheAndTheSame) {
  for (const DeviceInfo& device : list_devices()) {
    if (!device.available) continue;
    const Loaded plain = load("", device.backend);
    for (const fs::path& cache : caches()) fs::remove(cache);
    const Loaded first = load("auto", device.backend), second = load("auto", device.backend);
    EXPECT_FALSE(first.from_cache()) << first.log;
    EXPECT_TRUE(second.from_cache()) << device.backend << ": " << second.log;
    EXPECT_EQ(first.logits, plain.logits) << device.backend;
    EXPECT_EQ(second.logits, plain.logits) << device.backend;
  }
}

TEST_F(WeightCacheTest, AnyByteThatChangedMakesItAnew) {
  const Loaded plain = load();
  ASSERT_EQ(caches().size(), 1u);
  const fs::path cache = caches()[0];
  const std::string good = read_bytes(cache);
  for (size_t part = 0; part <= 24; ++part) {
    std::string bad = good;
    bad[std::min(good.size() - 1, good.size() * part / 24)] ^= 1;
    write_bytes(cache, bad);
    const Loaded again = load();
    EXPECT_FALSE(again.from_cache()) << "byte " << good.size() * part / 24;
    EXPECT_EQ(again.logits, plain.logits);
    EXPECT_EQ(read_bytes(cache), good);
  }
}

TEST_F(WeightCacheTest, OneThatIsCutOffIsMadeAnew) {
  const Loaded plain = load();
  const fs::path cache = caches().at(0);
  const std::string good = read_bytes(cache);
  for (const size_t kept : {size_t{0}, size_t{1}, size_t{64}, good.size() / 2, good.size() - 1}) {
    write_bytes(cache, good.substr(0, kept));
    const Loaded again = load();
    EXPECT_FALSE(again.from_cache()) << kept;
    EXPECT_EQ(again.logits, plain.logits);
    EXPECT_EQ(fs::file_size(cache), good.size());
  }
}

TEST_F(WeightCacheTest, AnotherModelUnderTheNameIsNotServedFromTheOldCache) {
  load();
  make_model("qwen3moe");
  const Loaded plain = load(""), with_cache = load();
  EXPECT_FALSE(with_cache.from_cache()) << with_cache.log;
  EXPECT_EQ(with_cache.logits, plain.logits);
  EXPECT_TRUE(load().from_cache());
}

TEST_F(WeightCacheTest, ATimeThatChangedMakesItAnew) {
  load();
  fs::last_write_time(model_, fs::last_write_time(model_) + std::chrono::seconds(1));
  EXPECT_FALSE(load().from_cache());
  EXPECT_TRUE(load().from_cache());
}

TEST_F(WeightCacheTest, AFolderOfTheUsersChoiceTakesIt) {
  const std::string chosen = (folder_ / "a" / "b").string();
  EXPECT_FALSE(load(chosen).from_cache());
  EXPECT_TRUE(load(chosen).from_cache());
  EXPECT_TRUE(caches().empty());
}

TEST_F(WeightCacheTest, WhereItCannotBeWrittenTheModelIsLoadedAndTheLogSaysSo) {
  write_bytes(folder_ / "file", "");
  const Loaded loaded = load((folder_ / "file" / "below").string());
  EXPECT_NE(loaded.log.find("the cache was not written"), std::string::npos) << loaded.log;
  EXPECT_EQ(loaded.logits, load("").logits);
}

TEST_F(WeightCacheTest, CancelledWhileItIsWrittenNothingIsLeft) {
  const Result<Runtime> runtime = Runtime::create({.backend = "cpu"});
  ASSERT_TRUE(runtime.ok());
  bool loaded = false;  // the first time everything is there; then the cache begins
  const auto progress = [&](double fraction) { return !std::exchange(loaded, loaded || fraction == 1.0); };
  const Result<Model> model = runtime->load(model_.string(), {.progress = progress, .cache = "auto"});
  ASSERT_FALSE(model.ok());
  EXPECT_EQ(model.code(), StatusCode::cancelled);
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

}  // namespace
}  // namespace tritium
