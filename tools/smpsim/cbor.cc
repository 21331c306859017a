#include "tools/smpsim/cbor.h"

namespace motley::smpsim {
namespace {

enum Major : std::uint8_t { kUnsigned = 0, kNegative, kBytes, kText, kList, kMap, kTag, kOther };

constexpr std::uint8_t kIndefinite = 31;
constexpr std::uint8_t kFalse = 20, kTrue = 21;
constexpr std::uint8_t kBreak = 0xFF;
/// Requests hold no lists in lists.
constexpr int kMaxDepth = 8;

class Parser {
 public:
  explicit Parser(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  std::optional<std::map<std::string, CborValue>> Map() {
    std::map<std::string, CborValue> map;
    const auto head = Head();
    if (!head || head->major != kMap) return std::nullopt;
    for (std::uint64_t i = 0; head->indefinite ? !AtBreak() : i < head->argument; ++i) {
      const auto key = Item(0);
      if (!key || !*key || !std::holds_alternative<std::string>(**key)) return std::nullopt;
      auto value = Item(0);
      if (!value) return std::nullopt;
      if (*value) map[std::get<std::string>(**key)] = **value;
    }
    if (head->indefinite && !TakeBreak()) return std::nullopt;
    if (!bytes_.empty()) return std::nullopt;
    return map;
  }

 private:
  struct HeadOf {
    std::uint8_t major;
    bool indefinite;
    std::uint64_t argument;
  };

  bool AtBreak() const { return bytes_.empty() || bytes_.front() == kBreak; }
  bool TakeBreak() {
    if (bytes_.empty() || bytes_.front() != kBreak) return false;
    bytes_ = bytes_.subspan(1);
    return true;
  }

  std::optional<HeadOf> Head() {
    if (bytes_.empty()) return std::nullopt;
    const std::uint8_t initial = bytes_.front();
    bytes_ = bytes_.subspan(1);
    HeadOf head{static_cast<std::uint8_t>(initial >> 5), false, initial & 0x1Fu};
    if (head.argument == kIndefinite) {
      head.indefinite = true;
      return head;
    }
    if (head.argument < 24) return head;
    if (head.argument > 27) return std::nullopt;
    const std::size_t size = std::size_t{1} << (head.argument - 24);
    if (bytes_.size() < size) return std::nullopt;
    head.argument = 0;
    for (std::size_t i = 0; i < size; ++i) head.argument = head.argument << 8 | bytes_[i];
    bytes_ = bytes_.subspan(size);
    return head;
  }

  /// Nothing within: of another type. Nothing at all: broken.
  std::optional<std::optional<CborValue>> Item(int depth) {
    const auto head = Head();
    if (!head || depth > kMaxDepth) return std::nullopt;
    using Found = std::optional<CborValue>;
    switch (head->major) {
      case kUnsigned:
        return Found(head->argument);
      case kNegative:
        return Found();
      case kBytes:
      case kText: {
        if (head->indefinite || head->argument > bytes_.size()) return std::nullopt;
        const auto content = bytes_.first(head->argument);
        bytes_ = bytes_.subspan(head->argument);
        if (head->major == kText) return Found(std::string(content.begin(), content.end()));
        return Found(Bytes(content.begin(), content.end()));
      }
      case kList:
      case kMap: {
        const std::uint64_t items = head->major == kMap ? 2 * head->argument : head->argument;
        for (std::uint64_t i = 0; head->indefinite ? !AtBreak() : i < items; ++i) {
          if (!Item(depth + 1)) return std::nullopt;
        }
        if (head->indefinite && !TakeBreak()) return std::nullopt;
        return Found();
      }
      case kTag:
        return Item(depth + 1);
      default:
        if (head->argument == kFalse || head->argument == kTrue) return Found(head->argument == kTrue);
        return Found();
    }
  }

  std::span<const std::uint8_t> bytes_;
};

}  // namespace

void CborWriter::Head(std::uint8_t major, std::uint64_t argument) {
  const auto initial = static_cast<std::uint8_t>(major << 5);
  if (argument < 24) {
    bytes_.push_back(static_cast<std::uint8_t>(initial | argument));
    return;
  }
  int log = 0;
  while (log < 3 && argument >> (8 << log) != 0) ++log;
  bytes_.push_back(static_cast<std::uint8_t>(initial | (24 + log)));
  for (int shift = (8 << log) - 8; shift >= 0; shift -= 8) {
    bytes_.push_back(static_cast<std::uint8_t>(argument >> shift));
  }
}

CborWriter& CborWriter::Unsigned(std::uint64_t number) {
  Head(kUnsigned, number);
  return *this;
}

CborWriter& CborWriter::Text(std::string_view text) {
  Head(kText, text.size());
  bytes_.insert(bytes_.end(), text.begin(), text.end());
  return *this;
}

CborWriter& CborWriter::Binary(std::span<const std::uint8_t> bytes) {
  Head(kBytes, bytes.size());
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  return *this;
}

CborWriter& CborWriter::Bool(bool value) {
  Head(kOther, value ? kTrue : kFalse);
  return *this;
}

CborWriter& CborWriter::BeginMap() {
  bytes_.push_back(kMap << 5 | kIndefinite);
  return *this;
}

CborWriter& CborWriter::BeginList() {
  bytes_.push_back(kList << 5 | kIndefinite);
  return *this;
}

CborWriter& CborWriter::End() {
  bytes_.push_back(kBreak);
  return *this;
}

std::optional<std::map<std::string, CborValue>> ParseCborMap(std::span<const std::uint8_t> bytes) {
  return Parser(bytes).Map();
}

}  // namespace motley::smpsim
