#include "common/selector/lexer.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

namespace motley {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool StartsWord(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool ContinuesWord(char c) { return StartsWord(c) || IsDigit(c) || c == '.' || c == '-'; }
bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
bool ContinuesCharacter(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

// Longer ones first: "<=" is not "<" and "=".
constexpr std::array<std::string_view, 14> kSymbols = {"==", "!=", "<=", ">=", "&&", "||", "<",
                                                       ">",  "!",  "(",  ")",  "[",  "]",  ","};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Result<std::vector<Token>> Run() {
    std::vector<Token> tokens;
    for (;;) {
      while (at_ < text_.size() && IsSpace(text_[at_])) ++at_;
      if (at_ == text_.size()) break;
      TRY_ASSIGN(Token token, Next());
      tokens.push_back(std::move(token));
    }
    tokens.push_back({TokenKind::kEnd, "", 0, Column(at_)});
    return tokens;
  }

 private:
  std::size_t Column(std::size_t position) const {
    std::size_t column = 1;
    for (std::size_t i = 0; i < position; ++i) column += ContinuesCharacter(text_[i]) ? 0 : 1;
    return column;
  }

  Error Refuse(std::size_t position, std::string_view problem) const {
    return Error{Code::kInvalid, fmt::format("{} at column {}", problem, Column(position))};
  }

  Result<Token> Next() {
    const char c = text_[at_];
    if (StartsWord(c)) return Word();
    if (IsDigit(c) || (c == '-' && at_ + 1 < text_.size() && IsDigit(text_[at_ + 1]))) return Number();
    if (c == '"' || c == '\'') return String();
    return Symbol();
  }

  Token Word() {
    const std::size_t start = at_;
    while (at_ < text_.size() && ContinuesWord(text_[at_])) ++at_;
    return {TokenKind::kWord, std::string(text_.substr(start, at_ - start)), 0, Column(start)};
  }

  Result<Token> Number() {
    const std::size_t start = at_;
    Token token{TokenKind::kNumber, "", 0, Column(start)};
    const auto [end, fault] = std::from_chars(text_.data() + start, text_.data() + text_.size(), token.number);
    at_ = static_cast<std::size_t>(end - text_.data());
    const bool followed = at_ < text_.size() && ContinuesWord(text_[at_]);
    while (at_ < text_.size() && ContinuesWord(text_[at_])) ++at_;
    token.text = text_.substr(start, at_ - start);
    if (followed || fault != std::errc{} || !std::isfinite(token.number))
      return Refuse(start, fmt::format("\"{}\" is not a number", token.text));
    return token;
  }

  Result<Token> String() {
    const std::size_t start = at_;
    const char quote = text_[at_++];
    Token token{TokenKind::kString, "", 0, Column(start)};
    for (; at_ < text_.size(); ++at_) {
      char c = text_[at_];
      if (c == quote) {
        ++at_;
        return token;
      }
      if (static_cast<unsigned char>(c) < 0x20) return Refuse(at_, "control character in a string");
      if (c == '\\') {
        c = ++at_ < text_.size() ? text_[at_] : '\0';
        if (c != '\\' && c != '"' && c != '\'')
          return Refuse(at_ - 1, "a backslash in a string stands before a quote or another backslash only; found one");
      }
      token.text += c;
    }
    return Refuse(start, "a string is not closed: it starts");
  }

  Result<Token> Symbol() {
    const std::string_view rest = text_.substr(at_);
    const std::size_t start = at_;
    for (std::string_view symbol : kSymbols) {
      if (rest.substr(0, symbol.size()) != symbol) continue;
      at_ += symbol.size();
      return Token{TokenKind::kSymbol, std::string(symbol), 0, Column(start)};
    }
    if (rest[0] == '=') return Refuse(start, "\"=\" is no operator (did you mean \"==\"?)");
    if (rest[0] == '&') return Refuse(start, "\"&\" is no operator (did you mean \"&&\"?)");
    if (rest[0] == '|') return Refuse(start, "\"|\" is no operator (did you mean \"||\"?)");
    if (static_cast<unsigned char>(rest[0]) < 0x20 || rest[0] == 0x7f)
      return Refuse(start, fmt::format("unexpected byte 0x{:02x}", static_cast<unsigned char>(rest[0])));
    std::size_t size = 1;
    while (size < rest.size() && ContinuesCharacter(rest[size])) ++size;
    return Refuse(start, fmt::format("unexpected \"{}\"", rest.substr(0, size)));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Result<std::vector<Token>> Tokenize(std::string_view text) { return Lexer(text).Run(); }

}  // namespace motley
