#include "common/genesis/json.h"

#include <charconv>
#include <utility>

namespace motley::genesis {
namespace {

constexpr std::size_t kMaxBytes = 8 * 1024 * 1024;
/// Real models have 12.
constexpr int kMaxDepth = 64;
constexpr std::string_view kBlanks = " \t\r\n";

/// Offset behind the token that begins at `at`, which is no blank. Strings are tokens, as are words and single marks.
std::size_t TokenEnd(std::string_view text, std::size_t at) {
  if (text[at] == '"') {
    for (++at; at < text.size() && text[at] != '"'; ++at) at += text[at] == '\\';
    return std::min(at + 1, text.size());
  }
  constexpr std::string_view kMarks = "{}[],:\"";
  if (kMarks.find(text[at]) != std::string_view::npos) return at + 1;
  while (at < text.size() && (kMarks.find(text[at]) == std::string_view::npos) &&
         kBlanks.find(text[at]) == std::string_view::npos) {
    ++at;
  }
  return at;
}

bool IsTooDeep(std::string_view text) {
  int depth = 0;
  for (std::size_t at = text.find_first_not_of(kBlanks); at < text.size();
       at = text.find_first_not_of(kBlanks, TokenEnd(text, at))) {
    if (text[at] == '{' || text[at] == '[') ++depth;
    if (text[at] == '}' || text[at] == ']') --depth;
    if (depth > kMaxDepth) return true;
  }
  return false;
}

/// Offset behind the last token that ends before the one in which `offset` lies.
std::size_t EndOfTokenBefore(std::string_view text, std::size_t offset) {
  std::size_t before = 0;
  for (std::size_t at = text.find_first_not_of(kBlanks); at < text.size();
       at = text.find_first_not_of(kBlanks, TokenEnd(text, at))) {
    const std::size_t end = TokenEnd(text, at);
    if (end >= offset) break;
    before = end;
  }
  return before;
}

std::string PlaceOf(std::string_view text, std::size_t offset) {
  std::size_t line = 1;
  std::size_t begin = 0;
  for (auto feed = text.find('\n'); feed < offset; feed = text.find('\n', feed + 1)) {
    ++line;
    begin = feed + 1;
  }
  return "line " + std::to_string(line) + ", column " + std::to_string(offset - begin + 1);
}

/// The middle of the library's message: "unexpected string literal; expected '}'". What it read last is left out.
std::string_view ComplaintOf(std::string_view message) {
  if (const auto dash = message.find(" - "); dash != std::string_view::npos) message.remove_prefix(dash + 3);
  if (const auto last = message.find("; last read"); last != std::string_view::npos) {
    const auto expected = message.find("; expected");
    return expected == std::string_view::npos || expected < last ? message.substr(0, last)
                                                                 : message.substr(expected + 2);
  }
  return message;
}

ParsedJson Complain(std::string_view text, std::string_view message, std::size_t offset) {
  ParsedJson parsed;
  const std::string_view complaint = ComplaintOf(message);
  const bool closing_expected = complaint.ends_with("expected '}'") || complaint.ends_with("expected ']'");
  bool value_found = false;
  for (const char* token :
       {"unexpected string literal", "unexpected number literal", "unexpected '{'", "unexpected '['",
        "unexpected true literal", "unexpected false literal", "unexpected null literal"}) {
    value_found |= complaint.starts_with(token);
  }
  if (closing_expected && value_found) {
    parsed.error = "not JSON: a comma is missing";
    parsed.place = PlaceOf(text, EndOfTokenBefore(text, offset)) + ": put a comma here";
  } else if (complaint.starts_with("unexpected end of input")) {
    parsed.error = "not JSON: the end is missing";
    parsed.place = PlaceOf(text, text.size()) + ": the file ends here, inside an object, a list or a text";
  } else {
    parsed.error = "not JSON: " + std::string(complaint);
    parsed.place = PlaceOf(text, offset == 0 ? 0 : offset - 1) + ": this is where it stops to be JSON";
  }
  return parsed;
}

bool IsEmpty(const Json& value) {
  if (value.is_string()) return value.get_ref<const std::string&>().empty();
  return value.is_null() || (value.is_structured() && value.empty());
}

}  // namespace

ParsedJson ParseJson(std::string_view text) {
  if (text.size() > kMaxBytes) {
    return {{}, "not a model: it has " + std::to_string(text.size()) + " bytes, and at most 8 MiB are read", ""};
  }
  if (IsTooDeep(text)) {
    return {{},
            "not a model: it has lists and objects in one another, more than " + std::to_string(kMaxDepth) + " deep",
            ""};
  }
  ParsedJson parsed;
  try {
    parsed.value = Json::parse(text.begin(), text.end());
  } catch (const Json::parse_error& error) {
    parsed = Complain(text, error.what(), error.byte);
  } catch (const Json::exception& error) {
    // A number beyond all bounds.
    parsed.error = "not JSON: " + std::string(ComplaintOf(error.what()));
  }
  return parsed;
}

const Json* Member(const Json& value, const char* name) {
  if (!value.is_object()) return nullptr;
  const auto found = value.find(name);
  return found == value.end() || found->is_null() ? nullptr : &*found;
}

std::string TextOf(const Json* value) {
  if (value == nullptr || value->is_null() || value->is_structured()) return "";
  return value->is_string() ? value->get<std::string>() : Dump(*value);
}

std::string TextOf(const Json& object, const char* name) { return TextOf(Member(object, name)); }

bool FlagOf(const Json& object, const char* name) { return TextOf(object, name) == "true"; }

std::uint32_t PortNumberOf(std::string_view text) {
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() ? number : 0;
}

std::string Dump(const Json& value) { return value.dump(-1, ' ', false, Json::error_handler_t::replace); }

Json Pruned(const Json& value) {
  if (!value.is_structured()) return value;
  Json pruned = value.is_object() ? Json::object() : Json::array();
  for (const auto& [key, inner] : value.items()) {
    Json kept = Pruned(inner);
    if (IsEmpty(kept)) continue;
    if (value.is_object()) {
      pruned[key] = std::move(kept);
    } else {
      pruned.push_back(std::move(kept));
    }
  }
  return pruned;
}

}  // namespace motley::genesis
