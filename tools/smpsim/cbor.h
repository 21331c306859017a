#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace motley::smpsim {

using Bytes = std::vector<std::uint8_t>;

/// Puts CBOR together as Zephyr's zcbor does, with maps and lists of indefinite length. Source: RFC 8949.
class CborWriter {
 public:
  CborWriter& Unsigned(std::uint64_t number);
  CborWriter& Text(std::string_view text);
  CborWriter& Binary(std::span<const std::uint8_t> bytes);
  CborWriter& Bool(bool value);
  CborWriter& BeginMap();
  CborWriter& BeginList();
  /// Of the map or list that was begun last.
  CborWriter& End();
  Bytes Take() { return std::move(bytes_); }

 private:
  void Head(std::uint8_t major, std::uint64_t argument);

  Bytes bytes_;
};

/// What MCUmgr's requests hold.
using CborValue = std::variant<std::uint64_t, bool, std::string, Bytes>;

/// The entries of a map, of definite length or not, whose keys are texts. Values of other types than CborValue's are
/// left out. Nothing: no such map, or more than one item, or cut off.
std::optional<std::map<std::string, CborValue>> ParseCborMap(std::span<const std::uint8_t> bytes);

}  // namespace motley::smpsim
