// Links: agent_flash agent_serial common_base

#include <cstdint>
#include <string>

#include "agent/flash/board_rules.h"
#include "agent/flash/catalogue.h"

/// A user's file of boards is refused with its place, or adds types that hold together.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace motley;
  static const agent::BoardCatalogue built_in = agent::BoardCatalogue::BuiltIn();
  agent::BoardCatalogue catalogue = built_in;
  const auto added = catalogue.Add("f", std::string(reinterpret_cast<const char*>(data), size));
  if (!added) {
    CHECK(added.error().message.starts_with("f:"));
    CHECK(catalogue.types().size() == built_in.types().size());
    return 0;
  }
  for (const agent::BoardType& board : catalogue.types()) {
    CHECK(agent::IsBoardName(board.name));
    CHECK(agent::CheckBoardType(board).has_value());
    CHECK(!board.bauds.empty());
    CHECK(catalogue.Find(board.name) == &board);
  }
  for (const agent::BoardAssignment& assignment : catalogue.assignments()) {
    CHECK(catalogue.Find(assignment.type) != nullptr);
  }
  return 0;
}
