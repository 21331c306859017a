#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

namespace motley::espsim {

/// Decompresses a zlib stream that comes in pieces, of which later ones refer to what earlier ones brought.
class Inflater {
 public:
  Inflater();
  ~Inflater();
  Inflater(Inflater&&) noexcept;
  Inflater& operator=(Inflater&&) noexcept;

  /// What `piece` adds to the content; nothing when it is no such stream, or goes on behind its end.
  std::optional<std::vector<std::uint8_t>> Push(std::span<const std::uint8_t> piece);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace motley::espsim
