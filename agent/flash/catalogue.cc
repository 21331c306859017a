#include "agent/flash/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "agent/flash/built_in_boards.h"
#include "common/files/files.h"

namespace motley::agent {
namespace {

constexpr std::uint64_t kMaxFileBytes = 1024 * 1024;

bool Has(const std::vector<UsbId>& ids, std::uint32_t vendor, std::uint32_t product) {
  return std::any_of(ids.begin(), ids.end(),
                     [&](const UsbId& id) { return id.vendor == vendor && id.product == product; });
}

Result<std::vector<std::string>> BoardFilesIn(const std::string& folder) {
  std::vector<std::string> files;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
    if (entry->path().extension() == ".yaml") files.push_back(entry->path().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    return SystemError("read the boards folder " + folder, error.value());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

BoardCatalogue BoardCatalogue::BuiltIn() {
  BoardCatalogue catalogue;
  const auto added = catalogue.Add("boards.yaml", std::string(BuiltInBoards()));
  CHECK(added.has_value());
  catalogue.users_ = 0;
  return catalogue;
}

Result<BoardCatalogue> BoardCatalogue::Load(const std::string& folder) {
  BoardCatalogue catalogue = BuiltIn();
  TRY_ASSIGN(const std::vector<std::string> files, BoardFilesIn(folder));
  for (const std::string& file : files) {
    TRY_ASSIGN(const std::string text, ReadFile(file, kMaxFileBytes));
    TRY(catalogue.Add(file, text));
  }
  return catalogue;
}

Result<void> BoardCatalogue::Add(const std::string& name, const std::string& text) {
  TRY_ASSIGN(BoardFile file, ParseBoardFile(name, text, [this](std::string_view type) { return Find(type); }));
  BoardCatalogue next = *this;
  for (BoardType& type : file.types) {
    const BoardType* before = next.Find(type.name);
    if (before != nullptr && before < next.types_.data() + next.users_) {
      return Error{Code::kInvalid, fmt::format("{}: board \"{}\" is in {} as well; keep one of both", type.source,
                                               type.name, before->source)};
    }
    if (before != nullptr) next.types_.erase(next.types_.begin() + (before - next.types_.data()));
    next.types_.insert(next.types_.begin() + static_cast<std::ptrdiff_t>(next.users_++), std::move(type));
  }
  for (BoardAssignment& assignment : file.assignments) {
    if (next.Find(assignment.type) == nullptr) {
      return Error{Code::kInvalid, fmt::format("{}: no type of board \"{}\" is known; known are {}", assignment.source,
                                               assignment.type, next.Names())};
    }
    if (const BoardAssignment* before = next.AssignmentOf(assignment.by, assignment.key)) {
      return Error{Code::kInvalid, fmt::format("{}: {} is in {} as well; keep one of both", assignment.source,
                                               assignment.key, before->source)};
    }
    next.assignments_.push_back(std::move(assignment));
  }
  *this = std::move(next);
  return {};
}

const BoardType* BoardCatalogue::Find(std::string_view name) const {
  const auto found =
      std::find_if(types_.begin(), types_.end(), [&](const BoardType& type) { return type.name == name; });
  return found == types_.end() ? nullptr : &*found;
}

const BoardAssignment* BoardCatalogue::AssignmentOf(BoardAssignment::By by, std::string_view key) const {
  const auto found = std::find_if(assignments_.begin(), assignments_.end(), [&](const BoardAssignment& assignment) {
    return assignment.by == by && assignment.key == key;
  });
  return found == assignments_.end() ? nullptr : &*found;
}

const BoardType* BoardCatalogue::Of(std::uint32_t usb_vendor, std::uint32_t usb_product, std::string_view serial_number,
                                    std::string_view port) const {
  const BoardAssignment* assignment = AssignmentOf(BoardAssignment::By::kSerialNumber, serial_number);
  if (assignment == nullptr) assignment = AssignmentOf(BoardAssignment::By::kPort, port);
  if (assignment != nullptr) return Find(assignment->type);
  const auto found = std::find_if(types_.begin(), types_.end(),
                                  [&](const BoardType& type) { return Has(type.usb_ids, usb_vendor, usb_product); });
  return found == types_.end() ? nullptr : &*found;
}

const BoardType* BoardCatalogue::OfBootloader(std::uint32_t usb_vendor, std::uint32_t usb_product) const {
  const auto found = std::find_if(types_.begin(), types_.end(), [&](const BoardType& type) {
    return Has(type.bootloader_usb_ids, usb_vendor, usb_product) && !Has(type.usb_ids, usb_vendor, usb_product);
  });
  return found == types_.end() ? nullptr : &*found;
}

std::string BoardCatalogue::Names() const {
  std::string names;
  for (const BoardType& board : types_) names += (names.empty() ? "" : ", ") + board.name;
  return names;
}

}  // namespace motley::agent
