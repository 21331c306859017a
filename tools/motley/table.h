#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/motley/terminal.h"

namespace motley::cli {

struct Cell {
  Cell(std::string cell_text, Style cell_style = Style::kPlain);

  /// Made printable.
  std::string text;
  Style style;
};

/// Rows in aligned columns under their titles.
class Table {
 public:
  explicit Table(std::vector<std::string> titles);

  /// As many cells as there are titles.
  void AddRow(std::vector<Cell> cells);
  bool empty() const { return rows_.empty(); }

  /// All lines, without blanks at their ends; `when_empty` and a line feed for a table without rows.
  std::string Render(const Terminal& terminal, std::string_view when_empty) const;

 private:
  std::vector<Cell> titles_;
  std::vector<std::vector<Cell>> rows_;
};

/// Lines of "name: value", values aligned; pairs without a value are left out.
std::string RenderFields(const Terminal& terminal, const std::vector<std::pair<std::string, Cell>>& fields);

}  // namespace motley::cli
