#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace motley::agent {

enum class FlashProtocol { kStk500v1 };

struct UsbId {
  std::uint16_t vendor;
  std::uint16_t product;
};

/// A type of board: how it is recognised, flashed and listened to. Sizes in bytes.
struct BoardType {
  std::string_view name;
  FlashProtocol protocol;
  /// What the chip answers, most significant byte first.
  std::array<std::uint8_t, 3> signature;
  /// Of the bootloader.
  std::uint32_t baud;
  std::uint32_t flash_bytes;
  std::uint32_t page_bytes;
  /// From address 0 up to the bootloader.
  std::uint32_t application_bytes;
  /// Of the application: its hello and its lines.
  std::uint32_t hello_baud;
  std::span<const UsbId> usb_ids;
};

std::span<const BoardType> KnownBoards();
/// Null if there is no such type.
const BoardType* FindBoardType(std::string_view name);
/// Null if the ids are not those of a known board.
const BoardType* BoardTypeOf(std::uint32_t usb_vendor, std::uint32_t usb_product);
/// "uno, nano": for messages.
std::string KnownBoardNames();

}  // namespace motley::agent
