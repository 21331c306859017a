#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace motley::boards {

/// An image for a board whose application is a TextApplication.
struct TextImage {
  std::size_t size_bytes = 0;
  /// Behind the marker: "firmware=blink version=1.0.0".
  std::string words;
  /// Chooses all other bytes; the same on every machine.
  std::uint32_t seed = 1;
  /// Comes first, such as a vector table or a header that a bootloader looks at.
  std::vector<std::uint8_t> prefix;
  /// Which page differs from that of the same image without it; the text stays.
  std::optional<std::size_t> changed_page;
  std::size_t page_bytes = 256;
};

/// The bytes of `image`: the prefix, the text at the next multiple of 16, and filling. The size must hold prefix and
/// text and the page must be in the image: what else is a bug of the caller.
std::vector<std::uint8_t> MakeTextImage(const TextImage& image);

}  // namespace motley::boards
