#pragma once

#include <string>
#include <string_view>

namespace motley::cli {

enum class Style { kPlain, kStrong, kFaint, kGood, kWarning, kBad };

/// `text` with everything that could steer a terminal shown as "\xNN"; line feeds and tabs become spaces. What gateways
/// and boards send is shown through this.
std::string Printable(std::string_view text);

/// Standard output for answers and standard error for progress, each with what it can do.
class Terminal {
 public:
  enum class Colour { kAuto, kNever };

  /// kAuto: colour only where standard output is a terminal and NO_COLOR (no-color.org) is not set.
  explicit Terminal(Colour colour);
  ~Terminal();
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  std::string Paint(Style style, std::string_view text) const;
  bool colour() const { return colour_; }
  bool is_interactive() const { return interactive_; }

  /// Writes to standard output and flushes.
  void Write(std::string_view text);
  /// Shows `text` in the place of the progress line before; nothing where standard error is no terminal.
  void Progress(std::string_view text);
  void ClearProgress();
  /// Empties the screen, for what is shown again and again; nothing where standard output is no terminal.
  void ClearScreen();

 private:
  bool colour_;
  bool interactive_;
  bool shows_progress_;
  bool progress_shown_ = false;
};

}  // namespace motley::cli
