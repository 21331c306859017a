// Links: common_base common_release common_model

#include <cstdint>
#include <string>

#include "common/base/result.h"
#include "common/release/model_file.h"
#include "common/release/release.h"

/// A release file is refused with its place, or becomes a release that holds.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto draft = motley::ParseReleaseFile("f", text);
  if (!draft) {
    CHECK(draft.error().message.starts_with("f:"));
    return 0;
  }
  CHECK(motley::IsReleaseFile(text));
  for (const auto& variant : draft->release.variants()) {
    const auto model = motley::RenderVariant("f", text, variant.name());
    CHECK(model.has_value());
    CHECK(model->problems.empty());
  }
  return 0;
}
