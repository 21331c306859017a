// Links: common_base common_release common_model

#include <cstdint>
#include <cstdlib>
#include <string>

#include "common/base/result.h"
#include "common/model/model.h"
#include "common/release/model_file.h"

/// A model file is refused with its place, or it is a model; a sound one is written and read back as the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto file = motley::ParseModelFile("f", text);
  if (!file) {
    CHECK(file.error().message.starts_with("f:"));
    return 0;
  }
  std::string bytes;
  CHECK(file->model.SerializeToString(&bytes));
  CHECK(motley::ProblemsOf(file->model).size() == file->problems.size());
  if (!file->problems.empty()) return 0;
  const std::string written = motley::WriteModelFile(file->model);
  // Written for people, it may be longer than what was read, and than what may be.
  if (written.size() > 1024 * 1024) return 0;
  const auto again = motley::ParseModelFile("f", written);
  CHECK(again.has_value());
  CHECK(again->problems.empty());
  CHECK(motley::WriteModelFile(again->model) == written);
  return 0;
}
