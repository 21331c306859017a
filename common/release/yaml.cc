#include "common/release/yaml.h"

#include <yaml-cpp/eventhandler.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "common/selector/spelling.h"

namespace motley {
namespace {

constexpr std::size_t kMaxBytes = 1024 * 1024;
// Keys stand in messages and are copied with them.
constexpr std::size_t kMaxKeyBytes = 1024;

/// The first byte that does not belong to well-formed UTF-8 (RFC 3629), or npos.
std::size_t FindBadUtf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto lead = static_cast<unsigned char>(text[at]);
    const std::size_t size = lead < 0x80   ? 1
                             : lead < 0xc2 ? 0
                             : lead < 0xe0 ? 2
                             : lead < 0xf0 ? 3
                             : lead < 0xf5 ? 4
                                           : 0;
    if (size == 0 || at + size > text.size()) return at;
    for (std::size_t i = 1; i < size; ++i) {
      if ((static_cast<unsigned char>(text[at + i]) & 0xc0) != 0x80) return at;
    }
    const auto second = size > 1 ? static_cast<unsigned char>(text[at + 1]) : 0;
    const bool overlong = (lead == 0xe0 && second < 0xa0) || (lead == 0xf0 && second < 0x90);
    const bool outside = (lead == 0xed && second > 0x9f) || (lead == 0xf4 && second > 0x8f);
    if (overlong || outside) return at;
    at += size;
  }
  return std::string_view::npos;
}

/// Remembers where the last document began.
class DocumentStarts : public YAML::EventHandler {
 public:
  int line() const { return line_; }

  void OnDocumentStart(const YAML::Mark& mark) override { line_ = mark.line + 1; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t, const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t, YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

 private:
  int line_ = 0;
};

/// Where something follows the first document, or 0. Not by YAML::LoadAll, which never ends on ",": it takes what it
/// can not use for one document after another.
int SecondDocumentLine(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) return 0;
  return starts.line();
}

}  // namespace

Result<YamlFile> YamlFile::Parse(const std::string& name, const std::string& text) {
  if (text.size() > kMaxBytes) {
    return Error{Code::kInvalid, name + ": " + std::to_string(text.size()) + " bytes are over the limit of 1 MiB"};
  }
  if (const std::size_t bad = FindBadUtf8(text); bad != std::string_view::npos) {
    const auto line = std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(bad), '\n') + 1;
    return Error{Code::kInvalid,
                 name + ":" + std::to_string(line) + ": holds bytes that are not UTF-8; convert the file"};
  }
  try {
    YAML::Node root = YAML::Load(text);
    if (const int line = SecondDocumentLine(text); line != 0) {
      return Error{Code::kInvalid, name + ":" + std::to_string(line) +
                                       ": what begins here belongs to no value above, or to a second document; a file "
                                       "holds one"};
    }
    if (!root.IsMap()) return Error{Code::kInvalid, name + ":1: expected keys and values, as in `application: blinky`"};
    return YamlFile(name, std::move(root));
  } catch (const YAML::Exception& error) {
    return Error{Code::kInvalid, name + ":" + std::to_string(error.mark.line + 1) + ": " + error.msg};
  }
}

Error YamlFile::At(const YAML::Node& node, std::string_view problem) const {
  return AtLine(node.Mark().line + 1, problem);
}

Error YamlFile::AtLine(int line, std::string_view problem) const {
  // What has no place of its own counts as the first line.
  return Error{Code::kInvalid, name_ + ":" + std::to_string(std::max(line, 1)) + ": " + std::string(problem)};
}

Result<void> YamlFile::EachEntry(const YAML::Node& node, std::string_view what, const EntryFunction& entry) const {
  if (!node.IsMap()) return At(node, std::string(what) + ": expected keys and values");
  std::set<std::string> seen;
  for (const auto& pair : node) {
    if (!pair.first.IsScalar()) return At(pair.first, std::string(what) + ": a key must be a word");
    const std::string& key = pair.first.Scalar();
    if (key.size() > kMaxKeyBytes) return At(pair.first, std::string(what) + ": a key has more than 1,024 bytes");
    if (!seen.insert(key).second) return At(pair.first, std::string(what) + ": \"" + key + "\" is there twice");
    TRY(entry(key, pair.first, pair.second));
  }
  return {};
}

Result<void> YamlFile::EachItem(const YAML::Node& node, std::string_view what,
                                const std::function<Result<void>(const YAML::Node&)>& item) const {
  if (!node.IsSequence()) return At(node, std::string(what) + ": expected a list");
  for (const auto& child : node) TRY(item(child));
  return {};
}

Error YamlFile::UnknownKey(const YAML::Node& key_node, std::string_view key, std::string_view what,
                           const std::vector<std::string_view>& known) const {
  std::string problem = std::string(what) + ": unknown key \"" + std::string(key) + "\"" + DidYouMean(key, known);
  if (NearestWord(key, known).empty()) {
    problem += "; known are";
    for (std::size_t i = 0; i < known.size(); ++i) problem += (i == 0 ? " " : ", ") + std::string(known[i]);
  }
  return At(key_node, problem);
}

Result<std::string> YamlFile::Text(const YAML::Node& node, std::string_view what) const {
  if (node.IsNull())
    return At(node, std::string(what) + ": expected a text, found nothing; write \"\" for an empty one");
  if (!node.IsScalar()) return At(node, std::string(what) + ": expected a text or a number");
  if (node.Scalar().find('\0') != std::string::npos) {
    return At(node, std::string(what) + ": holds a NUL character, which no text can; put it into an artifact");
  }
  return node.Scalar();
}

Result<std::int64_t> YamlFile::Integer(const YAML::Node& node, const std::string& text, std::string_view what,
                                       std::int64_t least, std::int64_t most) const {
  std::int64_t number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (fault != std::errc() || end != text.data() + text.size() || number < least || number > most) {
    return At(node, std::string(what) + ": \"" + text + "\" is not a whole number from " + std::to_string(least) +
                        " to " + std::to_string(most));
  }
  return number;
}

}  // namespace motley
