// Makes the program of a virtual board: README.md.

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <string>

#include "common/files/files.h"
#include "tools/boards/text_image.h"
#include "tools/espsim/firmware_image.h"

namespace motley::boards {
namespace {

constexpr char kUsage[] =
    "usage: board-image TYPE SIZE WORDS FILE\n"
    "Writes to FILE a program of SIZE bytes for a virtual board of TYPE: a model of motley-espsim, as esp32 or "
    "esp32c3,\n"
    "or bluepill and the like, whose images are bytes as they are. WORDS say what it does:\n"
    "\"firmware=valves version=1.0.0\".\n";
/// More than any virtual board has.
constexpr std::size_t kMaxBytes = 4 << 20;
/// For the words and what stands around them.
constexpr std::size_t kMinBytes = 2048;
constexpr std::size_t kUnit = 16;

/// An ARM starts with the address of its stack's end, and that of its first instruction.
const std::vector<std::uint8_t> kVectors{0x00, 0x50, 0x00, 0x20, 0x09, 0x00, 0x00, 0x08};

Result<std::vector<std::uint8_t>> Make(const std::string& type, const std::string& size_text,
                                       const std::string& words) {
  TextImage image{.size_bytes = 0, .words = words};
  const auto [end, error] = std::from_chars(size_text.data(), size_text.data() + size_text.size(), image.size_bytes);
  if (error != std::errc() || *end != '\0' || image.size_bytes < kMinBytes || image.size_bytes > kMaxBytes ||
      image.size_bytes % kUnit != 0) {
    return Error{Code::kInvalid, fmt::format("size \"{}\": give a multiple of {} from {} to {} bytes", size_text, kUnit,
                                             kMinBytes, kMaxBytes)};
  }
  if (words.size() > kMinBytes / 2) return Error{Code::kInvalid, "the words are too long; give fewer"};
  if (type.starts_with("esp")) {
    TRY_ASSIGN(const espsim::Model model, espsim::FindModel(type));
    return espsim::MakeFirmwareImage(model, image);
  }
  image.prefix = kVectors;
  return MakeTextImage(image);
}

int Main(int argc, char** argv) {
  if (argc != 5) {
    fmt::print(stderr, "{}", kUsage);
    return 2;
  }
  auto bytes = Make(argv[1], argv[2], argv[3]);
  const auto written =
      bytes ? WriteFileAtomically(argv[4], {reinterpret_cast<const char*>(bytes->data()), bytes->size()}, 0644)
            : Result<void>(std::move(bytes).error());
  if (!written) fmt::print(stderr, "board-image: {}\n", written.error().message);
  return written ? 0 : 1;
}

}  // namespace
}  // namespace motley::boards

int main(int argc, char** argv) { return motley::boards::Main(argc, argv); }
