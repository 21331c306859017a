#include "common/release/yaml_text.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <string_view>

namespace motley {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kLineWidth = 100;

/// Reads as text without quotes, in YAML 1.1 as well as in 1.2.
bool IsPlain(std::string_view text) {
  constexpr std::array<std::string_view, 10> kWords{"null", "true", "false", "yes", "no", "on", "off", "y", "n", "~"};
  const auto is_plain = [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || std::string_view("_./@+-").find(c) != std::string_view::npos;
  };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_plain)) return false;
  if (!std::isalpha(static_cast<unsigned char>(text[0])) && text[0] != '/' && text[0] != '_') return false;
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return std::find(kWords.begin(), kWords.end(), lower) == kWords.end();
}

/// Line and paragraph separators and the byte order mark, which some readers take for more than a character.
bool HasOddCharacter(std::string_view text) {
  for (const char* odd : {"\xc2\x85", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xef\xbb\xbf"}) {
    if (text.find(odd) != std::string_view::npos) return true;
  }
  return false;
}

/// Some lines that can stand as they are after "|".
bool IsLiteral(std::string_view text) {
  if (text.find('\n') == std::string_view::npos || HasOddCharacter(text)) return false;
  if (text.ends_with("\n\n") || text.front() == ' ' || text.front() == '\t' || text.front() == '\n') return false;
  const auto is_control = [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; };
  if (std::any_of(text.begin(), text.end(), is_control)) return false;
  // A line of nothing but spaces would lose them.
  for (std::size_t at = text.find("\n "); at != std::string_view::npos; at = text.find("\n ", at + 1)) {
    const auto next = text.find_first_not_of(' ', at + 1);
    if (next == std::string_view::npos || text[next] == '\n') return false;
  }
  return true;
}

std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      quoted += {'\\', text[i]};
    } else if (c == '\n') {
      quoted += "\\n";
    } else if (c == '\t') {
      quoted += "\\t";
    } else if (c < 0x20 || c == 0x7f) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\x%02x", c);
      quoted += escape.data();
    } else if (text.substr(i, 2) == "\xc2\x85") {
      quoted += "\\u0085";
      i += 1;
    } else if (text.substr(i, 3) == "\xe2\x80\xa8" || text.substr(i, 3) == "\xe2\x80\xa9") {
      quoted += text[i + 2] == '\xa8' ? "\\u2028" : "\\u2029";
      i += 2;
    } else if (text.substr(i, 3) == "\xef\xbb\xbf") {
      quoted += "\\ufeff";
      i += 2;
    } else {
      quoted += text[i];
    }
  }
  return quoted + '"';
}

std::string ScalarText(const Json& value) {
  if (!value.is_string()) return value.dump();
  const auto& text = value.get_ref<const std::string&>();
  return IsPlain(text) ? text : Quoted(text);
}

bool IsScalar(const Json& value) { return !value.is_structured(); }

/// "[a, b]" where that is short, "[]", "{}" or a scalar; else empty.
std::string OneLine(const Json& value) {
  if (value.is_object()) return value.empty() ? "{}" : "";
  if (value.is_string() && IsLiteral(value.get_ref<const std::string&>())) return "";
  if (IsScalar(value)) return ScalarText(value);
  if (!std::all_of(value.begin(), value.end(), IsScalar)) return "";
  std::string line;
  for (const Json& item : value) line += (line.empty() ? "" : ", ") + ScalarText(item);
  return line.size() > kLineWidth ? "" : "[" + line + "]";
}

void Write(const Json& value, std::size_t indent, std::string& out);

void WriteLiteral(const std::string& text, std::size_t indent, std::string& out) {
  out += text.ends_with('\n') ? "|\n" : "|-\n";
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end > at) out.append(indent, ' ').append(text, at, end - at);
    out += '\n';
    at = end + 1;
  }
}

/// What stands after "key:" or "-", up to the end of its last line.
void WriteAfter(const Json& value, std::size_t indent, std::string& out) {
  if (const std::string line = OneLine(value); !line.empty()) {
    out += " " + line + "\n";
  } else if (value.is_string()) {
    out += ' ';
    WriteLiteral(value.get_ref<const std::string&>(), indent, out);
  } else {
    out += '\n';
    Write(value, indent, out);
  }
}

void Write(const Json& value, std::size_t indent, std::string& out) {
  if (value.is_object()) {
    for (const auto& [key, item] : value.items()) {
      out.append(indent, ' ').append(IsPlain(key) ? key : Quoted(key)).append(":");
      WriteAfter(item, indent + 2, out);
    }
    return;
  }
  for (const Json& item : value) {
    if (item.is_object() && !item.empty()) {
      // The first key stands after the dash.
      std::string text;
      Write(item, indent + 2, text);
      text[indent] = '-';
      out += text;
    } else {
      out.append(indent, ' ').append("-");
      WriteAfter(item, indent + 2, out);
    }
  }
}

}  // namespace

std::string YamlText(const Json& value) {
  std::string out;
  if (const std::string line = OneLine(value); !line.empty()) {
    out = line + "\n";
  } else {
    Write(value, 0, out);
  }
  return out;
}

}  // namespace motley
