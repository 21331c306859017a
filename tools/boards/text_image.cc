#include "tools/boards/text_image.h"

#include <algorithm>
#include <random>

#include "common/base/result.h"
#include "tools/boards/text_application.h"

namespace motley::boards {
namespace {

constexpr std::size_t kTextAlignment = 16;

}  // namespace

std::vector<std::uint8_t> MakeTextImage(const TextImage& image) {
  std::vector<std::uint8_t> bytes(image.size_bytes);
  std::mt19937 random(image.seed);  // the standard says what it yields, unlike the distributions
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random() >> 24);
  if (image.changed_page) {
    const std::size_t begin = *image.changed_page * image.page_bytes;
    CHECK(begin < bytes.size());
    const std::size_t end = std::min(begin + image.page_bytes, bytes.size());
    for (std::size_t at = begin; at < end; ++at) bytes[at] ^= 0xff;
  }
  const std::string text = TextApplication::kMarker + image.words + '\0';
  const std::size_t at = (image.prefix.size() + kTextAlignment - 1) / kTextAlignment * kTextAlignment;
  CHECK(at + text.size() <= bytes.size());
  std::copy(image.prefix.begin(), image.prefix.end(), bytes.begin());
  std::copy(text.begin(), text.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
  return bytes;
}

}  // namespace motley::boards
