#include "tools/motley/table.h"

#include <algorithm>
#include <utility>

#include "common/base/result.h"

namespace motley::cli {
namespace {

constexpr std::size_t kGap = 2;

// In characters: bytes that do not continue one.
std::size_t Width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

Cell::Cell(std::string cell_text, Style cell_style) : text(Printable(cell_text)), style(cell_style) {}

Table::Table(std::vector<std::string> titles) {
  for (std::string& title : titles) titles_.emplace_back(std::move(title), Style::kStrong);
}

void Table::AddRow(std::vector<Cell> cells) {
  CHECK(cells.size() == titles_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::Render(const Terminal& terminal, std::string_view when_empty) const {
  if (rows_.empty()) return std::string(when_empty) + "\n";
  std::vector<std::size_t> widths(titles_.size());
  for (std::size_t i = 0; i < titles_.size(); ++i) {
    widths[i] = Width(titles_[i].text);
    for (const auto& row : rows_) widths[i] = std::max(widths[i], Width(row[i].text));
  }
  std::string text;
  const auto add_line = [&](const std::vector<Cell>& cells) {
    std::size_t blanks = 0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      if (!cells[i].text.empty()) {
        text.append(blanks, ' ');
        text += terminal.Paint(cells[i].style, cells[i].text);
        blanks = 0;
      }
      blanks += widths[i] - Width(cells[i].text) + kGap;
    }
    text += '\n';
  };
  add_line(titles_);
  for (const auto& row : rows_) add_line(row);
  return text;
}

std::string RenderFields(const Terminal& terminal, const std::vector<std::pair<std::string, Cell>>& fields) {
  std::size_t width = 0;
  for (const auto& [name, cell] : fields) {
    if (!cell.text.empty()) width = std::max(width, Width(name));
  }
  std::string text;
  for (const auto& [name, cell] : fields) {
    if (cell.text.empty()) continue;
    text += terminal.Paint(Style::kFaint, name + ":");
    text.append(width - Width(name) + kGap, ' ');
    text += terminal.Paint(cell.style, cell.text) + "\n";
  }
  return text;
}

}  // namespace motley::cli
