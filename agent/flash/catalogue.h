#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/flash/board_type.h"

namespace motley::agent {

/// The types of boards that an agent knows. Any thread once it is made.
class BoardCatalogue {
 public:
  /// Those that come with Motley.
  static BoardCatalogue BuiltIn();

  std::span<const BoardType> types() const { return types_; }
  /// Null if there is no such type.
  const BoardType* Find(std::string_view name) const;
  /// The first type in the catalogue that has the ids; null if none has.
  const BoardType* Of(std::uint32_t usb_vendor, std::uint32_t usb_product) const;
  /// "uno, nano": for messages.
  std::string Names() const;

 private:
  std::vector<BoardType> types_;
};

}  // namespace motley::agent
