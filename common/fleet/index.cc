#include "common/fleet/index.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace motley {
namespace {

constexpr char kEndOfItem = '\0';
// Reserved is an eighth more than asked for, so that the first who join do not make everything move.
constexpr std::size_t kHeadroom = 8;

// Where the value of a text attribute is; null for one of another type.
constexpr std::string Attributes::*TextMember(Attribute attribute) {
  switch (attribute) {
    case Attribute::kGateway:
      return &Attributes::gateway;
    case Attribute::kArch:
      return &Attributes::arch;
    case Attribute::kOs:
      return &Attributes::os;
    case Attribute::kOsVersion:
      return &Attributes::os_version;
    case Attribute::kHostname:
      return &Attributes::hostname;
    case Attribute::kContainerEngine:
      return &Attributes::container_engine;
    default:
      return nullptr;
  }
}

// Of an attribute that is a list.
constexpr std::vector<std::string> Attributes::*ListMember(Attribute attribute) {
  return attribute == Attribute::kKinds ? &Attributes::kinds : &Attributes::boards;
}

std::uint64_t NumberOf(const Attributes& gateway, Attribute attribute) {
  if (attribute == Attribute::kMemoryMb) return gateway.memory_mb;
  if (attribute == Attribute::kDiskMb) return gateway.disk_mb;
  return gateway.cpus;
}

void SetNumber(Attributes& gateway, Attribute attribute, std::uint64_t number) {
  if (attribute == Attribute::kMemoryMb) {
    gateway.memory_mb = number;
  } else if (attribute == Attribute::kDiskMb) {
    gateway.disk_mb = number;
  } else {
    gateway.cpus = static_cast<std::uint32_t>(number);
  }
}

Error TooLong(const Attributes& gateway, std::string_view what, std::size_t bytes) {
  return Error{Code::kInvalid, fmt::format("gateway \"{}\": {} has {} bytes, over the limit of {}", gateway.gateway,
                                           what, bytes, TextPool::kMaxBytes)};
}

Result<void> CheckList(const Attributes& gateway, Attribute attribute) {
  std::size_t bytes = 0;
  for (const std::string& item : gateway.*ListMember(attribute)) {
    bytes += item.size() + 1;
    if (item.find(kEndOfItem) != std::string::npos) {
      return Error{Code::kInvalid,
                   fmt::format("gateway \"{}\": one of its {} holds a zero byte; use letters and digits",
                               gateway.gateway, Print(AttributeRef{attribute, ""}))};
    }
  }
  if (bytes <= TextPool::kMaxBytes) return {};
  return TooLong(gateway, "the list of its " + Print(AttributeRef{attribute, ""}), bytes);
}

}  // namespace

FleetIndex::FleetIndex() {
  for (const AttributeInfo& info : KnownAttributes()) columns_.push_back(NewColumn({info.attribute, ""}, info.type));
  CHECK(columns_[kNames].attribute.attribute == Attribute::kGateway);
}

FleetIndex::Column FleetIndex::NewColumn(AttributeRef attribute, Type type) const {
  Column column{std::move(attribute), type, Dictionary(*pool_), {}};
  column.codes.Reserve(reserved_);
  return column;
}

std::uint64_t FleetIndex::DecodeNumber(std::string_view value) {
  std::uint64_t number = 0;
  std::memcpy(&number, value.data(), sizeof number);
  return number;
}

std::string FleetIndex::EncodeNumber(std::uint64_t number) {
  return std::string(reinterpret_cast<const char*>(&number), sizeof number);
}

std::vector<std::string_view> FleetIndex::DecodeList(std::string_view value) {
  std::vector<std::string_view> list;
  while (!value.empty()) {
    const std::size_t end = value.find(kEndOfItem);
    list.push_back(value.substr(0, end));
    value.remove_prefix(end + 1);
  }
  return list;
}

std::string FleetIndex::EncodeList(const std::vector<std::string>& list) {
  std::string value;
  for (const std::string& item : list) {
    value += item;
    value += kEndOfItem;
  }
  return value;
}

std::size_t FleetIndex::NewTagNames(const Attributes& gateway) const {
  std::size_t found = 0;
  auto tag = gateway.tags.begin();
  for (const std::size_t place : tags_) {
    while (tag != gateway.tags.end() && tag->first < columns_[place].attribute.tag) ++tag;
    if (tag == gateway.tags.end()) break;
    found += tag->first == columns_[place].attribute.tag;
  }
  return gateway.tags.size() - found;
}

Result<void> FleetIndex::Check(const Attributes& gateway) const {
  if (gateway.gateway.empty()) return Error{Code::kInvalid, "a gateway has no name; give it one"};
  for (const Attribute list : {Attribute::kBoards, Attribute::kKinds}) TRY(CheckList(gateway, list));
  for (const AttributeInfo& info : KnownAttributes()) {
    const auto text = TextMember(info.attribute);
    if (text != nullptr && (gateway.*text).size() > TextPool::kMaxBytes) {
      return TooLong(gateway, info.name, (gateway.*text).size());
    }
  }
  for (const auto& [name, value] : gateway.tags) {
    if (value.size() > TextPool::kMaxBytes) return TooLong(gateway, "tag \"" + name + "\"", value.size());
  }
  // Counted only where it can matter.
  if (tags_.size() + gateway.tags.size() > kMaxTagNames && tags_.size() + NewTagNames(gateway) > kMaxTagNames) {
    return Error{Code::kInvalid,
                 fmt::format("gateway \"{}\": with its tags the fleet would have over {} different names of tags; use "
                             "fewer names and more values",
                             gateway.gateway, kMaxTagNames)};
  }
  if (size() >= kMaxGateways && columns_[kNames].values.Find(gateway.gateway) == 0) {
    return Error{Code::kInvalid, fmt::format("gateway \"{}\": a fleet has at most {} gateways; split it",
                                             gateway.gateway, kMaxGateways)};
  }
  return {};
}

void FleetIndex::SetValue(Column& column, Row row, std::string_view value) {
  const Dictionary::Code before = column.codes.Get(row);
  // Most of what a gateway reports is as it was.
  if (before != 0 && column.values.At(before) == value) return;
  const Dictionary::Code code = column.values.Use(value);
  column.codes.Set(row, code);
  column.values.Release(before);
}

void FleetIndex::ClearValue(Column& column, Row row) {
  const Dictionary::Code before = column.codes.Get(row);
  if (before == 0) return;
  column.codes.Set(row, 0);
  column.values.Release(before);
}

// Both the columns and the gateway's tags are sorted by name, so that one walk along both is enough.
void FleetIndex::SetTags(const Attributes& gateway, Row row) {
  std::size_t at = 0;
  for (const auto& [name, value] : gateway.tags) {
    for (; at < tags_.size() && columns_[tags_[at]].attribute.tag < name; ++at) ClearValue(columns_[tags_[at]], row);
    if (at == tags_.size() || columns_[tags_[at]].attribute.tag != name) {
      tags_.insert(tags_.begin() + static_cast<std::ptrdiff_t>(at), columns_.size());
      columns_.push_back(NewColumn({Attribute::kTag, name}, Type::kString));
    }
    SetValue(columns_[tags_[at]], row, value);
    ++at;
  }
  for (; at < tags_.size(); ++at) ClearValue(columns_[tags_[at]], row);
}

Result<FleetIndex::Row> FleetIndex::Upsert(const Attributes& gateway) {
  TRY(Check(gateway));
  Column& names = columns_[kNames];
  for (const Column& column : columns_) {
    if (column.attribute.attribute == Attribute::kTag) break;
    if (const auto text = TextMember(column.attribute.attribute)) column.values.Prefetch(gateway.*text);
  }
  // The number of a name is the gateway's row, and 1; it has one use as long as the gateway is there.
  Dictionary::Code code = names.values.Find(gateway.gateway);
  if (code == 0) code = names.values.Use(gateway.gateway);
  const Row row = code - 1;
  // Each column is elsewhere in memory: one after the other they would be waited for.
  for (const Column& column : columns_) column.codes.Prefetch(row);
  names.codes.Set(row, code);
  rows_ = std::max(rows_, code);
  for (Column& column : columns_) {
    if (column.attribute.attribute == Attribute::kGateway) continue;
    if (column.attribute.attribute == Attribute::kTag) break;
    if (const auto text = TextMember(column.attribute.attribute)) {
      SetValue(column, row, gateway.*text);
    } else if (column.type == Type::kNumber) {
      const std::uint64_t number = NumberOf(gateway, column.attribute.attribute);
      SetValue(column, row, {reinterpret_cast<const char*>(&number), sizeof number});
    } else {
      buffer_.clear();
      for (const std::string& item : gateway.*ListMember(column.attribute.attribute)) {
        buffer_.append(item).push_back(kEndOfItem);
      }
      SetValue(column, row, buffer_);
    }
  }
  SetTags(gateway, row);
  return row;
}

std::optional<FleetIndex::Row> FleetIndex::Remove(std::string_view gateway) {
  const std::optional<Row> row = Find(gateway);
  if (!row) return std::nullopt;
  for (Column& column : columns_) ClearValue(column, *row);
  return row;
}

std::optional<FleetIndex::Row> FleetIndex::Find(std::string_view gateway) const {
  const Dictionary::Code code = columns_[kNames].values.Find(gateway);
  if (code == 0) return std::nullopt;
  return code - 1;
}

Attributes FleetIndex::AttributesOf(Row row) const {
  Attributes gateway;
  for (const Column& column : columns_) {
    const Dictionary::Code code = column.codes.Get(row);
    if (code == 0) continue;
    const std::string_view value = column.values.At(code);
    if (column.attribute.attribute == Attribute::kTag) {
      gateway.tags.emplace(column.attribute.tag, value);
    } else if (column.type == Type::kString) {
      gateway.*TextMember(column.attribute.attribute) = value;
    } else if (column.type == Type::kNumber) {
      SetNumber(gateway, column.attribute.attribute, DecodeNumber(value));
    } else {
      const auto list = DecodeList(value);
      (gateway.*ListMember(column.attribute.attribute)).assign(list.begin(), list.end());
    }
  }
  return gateway;
}

Bitmap FleetIndex::Rows() const {
  Bitmap rows(rows_);
  columns_[kNames].codes.ForEach(0, rows_, [&](Row row, Dictionary::Code code) { rows.SetIf(row, code != 0); });
  return rows;
}

const FleetIndex::Column* FleetIndex::Find(const AttributeRef& attribute) const {
  if (attribute.attribute != Attribute::kTag) {
    for (const Column& column : columns_) {
      if (column.attribute.attribute == attribute.attribute) return &column;
    }
    return nullptr;
  }
  const auto found = std::lower_bound(
      tags_.begin(), tags_.end(), attribute.tag,
      [&](std::size_t place, const std::string& name) { return columns_[place].attribute.tag < name; });
  if (found == tags_.end() || columns_[*found].attribute.tag != attribute.tag) return nullptr;
  return &columns_[*found];
}

std::vector<std::string_view> FleetIndex::TagNames() const {
  std::vector<std::string_view> names;
  for (const std::size_t place : tags_) names.push_back(columns_[place].attribute.tag);
  return names;
}

void FleetIndex::Reserve(std::size_t gateways) {
  reserved_ = gateways + gateways / kHeadroom;
  columns_[kNames].values.Reserve(reserved_);
  for (Column& column : columns_) column.codes.Reserve(reserved_);
}

std::size_t FleetIndex::MemoryBytes() const {
  std::size_t bytes = pool_->MemoryBytes() + columns_.size() * sizeof(Column) + tags_.capacity() * sizeof(std::size_t);
  for (const Column& column : columns_) bytes += column.values.MemoryBytes() + column.codes.MemoryBytes();
  return bytes;
}

}  // namespace motley
