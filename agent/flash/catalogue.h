#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/flash/board_file.h"
#include "agent/flash/board_type.h"
#include "common/base/result.h"

namespace motley::agent {

/// The types of boards that an agent knows. Any thread once it is made.
class BoardCatalogue {
 public:
  /// Those that come with Motley: boards.yaml.
  static BoardCatalogue BuiltIn();

  /// Those, and what the files *.yaml of `folder` add, in the order of their names; the folder need not be there.
  /// Errors: kInvalid (a file is wrong; says where), those of reading files.
  static Result<BoardCatalogue> Load(const std::string& folder);

  /// Adds the types and assignments of a file. A type may replace one that is built in, and goes before those.
  /// Errors: kInvalid (with file and line: as ParseBoardFile, a type or an assignment that another file has too, an
  /// assignment to a type that is not known); then nothing was added.
  Result<void> Add(const std::string& name, const std::string& text);

  /// Those of users' files first.
  std::span<const BoardType> types() const { return types_; }
  std::span<const BoardAssignment> assignments() const { return assignments_; }
  /// Null if there is no such type.
  const BoardType* Find(std::string_view name) const;

  /// What a board is that has these USB ids, serial number and port: the type that a user's file gives to the serial
  /// number, else to the port, else the first one that has the ids. Null: none. Leave out what is not known.
  const BoardType* Of(std::uint32_t usb_vendor, std::uint32_t usb_product, std::string_view serial_number = {},
                      std::string_view port = {}) const;
  /// The first type whose bootloader, and not whose application, shows these ids; null: none.
  const BoardType* OfBootloader(std::uint32_t usb_vendor, std::uint32_t usb_product) const;

  /// "uno, nano": for messages.
  std::string Names() const;

 private:
  const BoardAssignment* AssignmentOf(BoardAssignment::By by, std::string_view key) const;

  std::vector<BoardType> types_;
  /// So many of types_ are users'.
  std::size_t users_ = 0;
  std::vector<BoardAssignment> assignments_;
};

}  // namespace motley::agent
