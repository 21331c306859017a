#include "agent/flash/embedded_version.h"

#include <fmt/format.h>

#include <algorithm>

namespace motley::agent {
namespace {

constexpr std::string_view kMarker = "motley-firmware:";
constexpr std::size_t kMaxWordBytes = 100;

/// Takes a word and the `end` behind it off `text`; nothing if there is none.
std::optional<std::string> TakeWord(std::string_view* text, char end) {
  const auto size = text->substr(0, kMaxWordBytes + 1).find(end);
  if (size == 0 || size == std::string_view::npos) return std::nullopt;
  const std::string_view word = text->substr(0, size);
  const bool printable = std::all_of(word.begin(), word.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (!printable) return std::nullopt;
  text->remove_prefix(size + 1);
  return std::string(word);
}

}  // namespace

std::optional<EmbeddedVersion> FindVersion(const Image& image) {
  for (const Segment& segment : image.segments) {
    const std::string_view bytes(reinterpret_cast<const char*>(segment.bytes.data()), segment.bytes.size());
    for (auto at = bytes.find(kMarker); at != std::string_view::npos; at = bytes.find(kMarker, at + 1)) {
      std::string_view rest = bytes.substr(at + kMarker.size());
      auto firmware = TakeWord(&rest, ' ');
      if (!firmware) continue;
      auto version = TakeWord(&rest, '\0');
      if (version) return EmbeddedVersion{*std::move(firmware), *std::move(version)};
    }
  }
  return std::nullopt;
}

Result<void> CheckVersion(const Image& image, const std::string& wanted) {
  const auto embedded = FindVersion(image);
  if (!embedded || embedded->version == wanted) return {};
  return Error{Code::kInvalid, fmt::format("the image says that it is {} {}, and the model says version {}; push the "
                                           "image of that version, or write version {} into the model",
                                           embedded->firmware, embedded->version, wanted, embedded->version)};
}

}  // namespace motley::agent
