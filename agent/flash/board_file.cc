#include "agent/flash/board_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "agent/flash/board_rules.h"
#include "common/release/reader.h"
#include "common/release/yaml.h"

namespace motley::agent {
namespace {

constexpr std::int64_t kMaxBaud = 4'000'000;
constexpr std::int64_t kMaxToolSeconds = 3600;
constexpr std::int64_t kMaxStartMs = 300'000;

/// "0x7E00", "32256", "32K", "4M": up to 32 bits. Nothing for anything else.
std::optional<std::uint32_t> ParseSize(std::string_view text) {
  std::uint64_t unit = 1;
  if (text.ends_with('K')) unit = 1024;
  if (text.ends_with('M')) unit = 1024 * 1024;
  if (unit != 1) text.remove_suffix(1);
  const bool hex = text.starts_with("0x") || text.starts_with("0X");
  if (hex) text.remove_prefix(2);
  std::uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, fault] = std::from_chars(text.data(), end, number, hex ? 16 : 10);
  if (fault != std::errc() || rest != end || number > 0xFFFF'FFFF || number * unit > 0xFFFF'FFFF) return std::nullopt;
  return static_cast<std::uint32_t>(number * unit);
}

/// "2341:0043".
std::optional<UsbId> ParseUsbId(std::string_view text) {
  UsbId id{};
  if (text.size() != 9 || text[4] != ':') return std::nullopt;
  const auto half = [&](std::size_t at, std::uint16_t* number) {
    const auto [rest, fault] = std::from_chars(text.data() + at, text.data() + at + 4, *number, 16);
    return fault == std::errc() && rest == text.data() + at + 4;
  };
  if (!half(0, &id.vendor) || !half(5, &id.product) || id.vendor == 0) return std::nullopt;
  return id;
}

class BoardFileReader {
 public:
  BoardFileReader(const std::string& name, const YamlFile& file, const FindBoardType& known)
      : name_(name), known_(known), reader_(file, parameters_, without_) {}

  Result<BoardFile> Read() {
    TRY(reader_.Keys(file_node(), "board file",
                     {{"boards", [this](const YAML::Node& node, const std::string&) { return Boards(node); }},
                      {"serial_numbers", Assignments(BoardAssignment::By::kSerialNumber)},
                      {"ports", Assignments(BoardAssignment::By::kPort)}}));
    return std::move(result_);
  }

 private:
  using Setter = Reader::Setter;

  const YAML::Node& file_node() const { return reader_.file().root(); }

  std::string SourceOf(const YAML::Node& node) const { return fmt::format("{}:{}", name_, node.Mark().line + 1); }

  const BoardType* Find(std::string_view name) const {
    for (const BoardType& type : result_.types) {
      if (type.name == name) return &type;
    }
    return known_(name);
  }

  Result<void> Boards(const YAML::Node& node) {
    return reader_.file().EachEntry(
        node, "boards", [&](const std::string& name, const YAML::Node& key, const YAML::Node& value) -> Result<void> {
          if (!IsBoardName(name)) {
            return reader_.At(key, fmt::format("board \"{}\": a name is made of small letters, digits, -, _ and ., and "
                                               "has 63 at most",
                                               name));
          }
          TRY_ASSIGN(BoardType type, Type(name, value));
          type.source = SourceOf(key);
          if (auto sound = CheckBoardType(type); !sound) {
            return reader_.At(key, fmt::format("board \"{}\": {}", name, sound.error().message));
          }
          // A tool may know its rate by itself; the port is opened before it runs.
          if (type.bauds.empty()) type.bauds = {type.hello_baud};
          result_.types.push_back(std::move(type));
          return {};
        });
  }

  Result<BoardType> Type(const std::string& name, const YAML::Node& node) {
    const std::string what = fmt::format("board \"{}\"", name);
    BoardType type;
    type.reset = ResetMethod::kNone;
    // Wherever it stands, the rest changes what it says.
    if (node.IsMap() && node["like"]) {
      TRY_ASSIGN(const std::string like, reader_.Text(node["like"], what + ": like"));
      const BoardType* other = Find(like);
      if (other == nullptr) {
        return reader_.At(node["like"], fmt::format("{}: like: no type \"{}\" is known before this one", what, like));
      }
      type = *other;
    }
    type.name = name;
    type.title = name;
    type.usb_ids.clear();
    type.bootloader_usb_ids.clear();
    TRY(reader_.Keys(node, what, Setters(type)));
    // Of a type that this one is like.
    if (type.protocol != FlashProtocol::kTool && !node["tool"]) type.tool.clear();
    return type;
  }

  Reader::Setters Setters(BoardType& type) {
    Reader::Setters setters = WhatItIs(type);
    setters.merge(HowItIsFlashed(type));
    return setters;
  }

  Reader::Setters WhatItIs(BoardType& type) {
    return {{"like", [](const YAML::Node&, const std::string&) -> Result<void> { return {}; }},
            {"title", reader_.String([&type] { return &type.title; })},
            {"chip", reader_.String([&type] { return &type.chip; })},
            {"family", reader_.Choice<ChipFamily>({{"avr", ChipFamily::kAvr},
                                                   {"arm", ChipFamily::kArm},
                                                   {"xtensa", ChipFamily::kXtensa},
                                                   {"riscv", ChipFamily::kRiscV}},
                                                  [&type](ChipFamily family) { type.family = family; })},
            {"chip_ids", Sizes(&type.chip_ids)},
            {"uf2_families", Sizes(&type.uf2_families)},
            {"usb_ids", UsbIds(&type.usb_ids, &ids_)},
            {"bootloader_usb_ids", UsbIds(&type.bootloader_usb_ids, nullptr)},
            {"hello_baud",
             reader_.Whole<std::uint32_t>([&type](std::uint32_t baud) { type.hello_baud = baud; }, 300, kMaxBaud)}};
  }

  Reader::Setters HowItIsFlashed(BoardType& type) {
    return {
        {"protocol", reader_.Choice<FlashProtocol>({{"stk500v1", FlashProtocol::kStk500v1},
                                                    {"stk500v2", FlashProtocol::kStk500v2},
                                                    {"stm32", FlashProtocol::kStm32},
                                                    {"espressif", FlashProtocol::kEspressif},
                                                    {"smp", FlashProtocol::kSmp},
                                                    {"tool", FlashProtocol::kTool}},
                                                   [&type](FlashProtocol protocol) { type.protocol = protocol; })},
        {"reset", reader_.Choice<ResetMethod>({{"none", ResetMethod::kNone},
                                               {"dtr", ResetMethod::kDtr},
                                               {"espressif", ResetMethod::kEspressif},
                                               {"usb-jtag", ResetMethod::kUsbJtag},
                                               {"boot0", ResetMethod::kBoot0Rts},
                                               {"touch1200", ResetMethod::kTouch1200}},
                                              [&type](ResetMethod reset) { type.reset = reset; })},
        {"bauds", Bauds(&type.bauds)},
        {"page_bytes", Size([&type](std::uint32_t size) { type.page_bytes = size; }, 1)},
        {"application",
         [this, &type](const YAML::Node& node, const std::string& what) {
           return reader_.Keys(node, what,
                               {{"begin", Size([&type](std::uint32_t at) { type.application_begin = at; }, 0)},
                                {"end", Size([&type](std::uint32_t at) { type.application_end = at; }, 0)}});
         }},
        {"sectors",
         [this, &type](const YAML::Node& node, const std::string& what) {
           type.sectors.clear();
           return reader_.Items(node, what, [&](const YAML::Node& item) { return Sector(type, item, what); });
         }},
        {"tool",
         [this, &type](const YAML::Node& node, const std::string& what) {
           type.tool.clear();
           return reader_.Items(node, what, [&](const YAML::Node& item) -> Result<void> {
             TRY_ASSIGN(type.tool.emplace_back(), reader_.Text(item, what));
             return {};
           });
         }},
        {"tool_image", reader_.Choice<ToolImage>({{"hex", ToolImage::kHex}, {"bin", ToolImage::kBin}},
                                                 [&type](ToolImage image) { type.tool_image = image; })},
        {"tool_package", reader_.String([&type] { return &type.tool_package; })},
        {"start_ms",
         reader_.Whole<std::int64_t>([&type](std::int64_t time) { type.start_time = std::chrono::milliseconds(time); },
                                     0, kMaxStartMs)},
        {"tool_deadline_s", reader_.Whole<std::int64_t>(
                                [&type](std::int64_t seconds) { type.tool_deadline = std::chrono::seconds(seconds); },
                                1, kMaxToolSeconds)}};
  }

  Setter Size(std::function<void(std::uint32_t)> set, std::uint32_t least) {
    return [this, set, least](const YAML::Node& node, const std::string& what) -> Result<void> {
      TRY_ASSIGN(const std::string text, reader_.Text(node, what));
      const auto size = ParseSize(text);
      if (!size || *size < least) {
        return reader_.At(node, fmt::format("{}: \"{}\" is not a number from {} to 0xFFFFFFFF, as 32256, 0x7E00 or 32K",
                                            what, text, least));
      }
      set(*size);
      return {};
    };
  }

  Setter Sizes(std::vector<std::uint32_t>* sizes) {
    return [this, sizes](const YAML::Node& node, const std::string& what) {
      sizes->clear();
      return reader_.Items(node, what, [&](const YAML::Node& item) {
        return Size([sizes](std::uint32_t size) { sizes->push_back(size); }, 0)(item, what);
      });
    };
  }

  Setter Bauds(std::vector<std::uint32_t>* bauds) {
    return [this, bauds](const YAML::Node& node, const std::string& what) {
      bauds->clear();
      return reader_.Items(node, what, [&](const YAML::Node& item) -> Result<void> {
        TRY_ASSIGN(const std::int64_t baud, reader_.Integer(item, what, 300, kMaxBaud));
        bauds->push_back(static_cast<std::uint32_t>(baud));
        return {};
      });
    };
  }

  /// No id may be in `taken`, and all get into it.
  Setter UsbIds(std::vector<UsbId>* ids, std::set<std::pair<std::uint16_t, std::uint16_t>>* taken) {
    return [this, ids, taken](const YAML::Node& node, const std::string& what) {
      return reader_.Items(node, what, [&](const YAML::Node& item) -> Result<void> {
        TRY_ASSIGN(const std::string text, reader_.Text(item, what));
        const auto id = ParseUsbId(text);
        if (!id) {
          return reader_.At(item,
                            fmt::format("{}: \"{}\" is not a vendor and a product of 4 hexadecimal digits each, as "
                                        "2341:0043",
                                        what, text));
        }
        if (taken != nullptr && !taken->emplace(id->vendor, id->product).second) {
          return reader_.At(item, fmt::format("{}: {} is another board's in this file, and only one could be found by "
                                              "it; leave it with the most common one, and name the others' "
                                              "serial_numbers",
                                              what, text));
        }
        ids->push_back(*id);
        return {};
      });
    };
  }

  Result<void> Sector(BoardType& type, const YAML::Node& node, const std::string& what) {
    SectorRun run{0, 0, 0};
    // Behind those before, unless it says where.
    if (!type.sectors.empty()) run.address = type.sectors.back().end();
    TRY(reader_.Keys(node, what,
                     {{"address", Size([&run](std::uint32_t address) { run.address = address; }, 0)},
                      {"count", Size([&run](std::uint32_t count) { run.count = count; }, 1)},
                      {"bytes", Size([&run](std::uint32_t bytes) { run.bytes = bytes; }, 1)}}));
    if (run.count == 0 || run.bytes == 0) {
      return reader_.At(node, what + ": sectors have a count and bytes, as in {count: 252, bytes: 128}");
    }
    if (run.address + std::uint64_t{run.count} * run.bytes > 0xFFFF'FFFF) {
      return reader_.At(node, what + ": they reach beyond 32 bits");
    }
    type.sectors.push_back(run);
    return {};
  }

  Setter Assignments(BoardAssignment::By by) {
    return [this, by](const YAML::Node& node, const std::string& what) {
      return reader_.file().EachEntry(
          node, what, [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) -> Result<void> {
            TRY_ASSIGN(std::string type, reader_.Text(value, what + ": " + key));
            if (key.empty()) return reader_.At(key_node, what + ": a key is missing");
            result_.assignments.push_back({by, key, std::move(type), SourceOf(key_node)});
            return {};
          });
    };
  }

  const std::string name_;
  const FindBoardType& known_;
  Parameters parameters_{{}};
  const std::set<std::string> without_;
  Reader reader_;
  BoardFile result_;
  std::set<std::pair<std::uint16_t, std::uint16_t>> ids_;
};

}  // namespace

Result<BoardFile> ParseBoardFile(const std::string& name, const std::string& text, const FindBoardType& known) {
  TRY_ASSIGN(const YamlFile file, YamlFile::Parse(name, text));
  return file.Guarded<BoardFile>([&] { return BoardFileReader(name, file, known).Read(); });
}

}  // namespace motley::agent
