#include "tools/motley/assign_gateways.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "common/selector/spelling.h"

namespace motley::cli {
namespace {

constexpr std::size_t kMaxLineBytes = 1024 * 1024;

Error Invalid(std::string problem) { return Error{Code::kInvalid, std::move(problem)}; }

// The cells of one line (RFC 4180), but none with a line break in it. `cells` is reused.
Result<void> SplitCsv(std::string_view line, std::vector<std::string>& cells) {
  std::size_t count = 0;
  const auto next = [&]() -> std::string& {
    if (count == cells.size()) cells.emplace_back();
    cells[count].clear();
    return cells[count++];
  };
  std::string* cell = &next();
  for (std::size_t at = 0; at < line.size();) {
    if (line[at] == ',') {
      cell = &next();
      ++at;
    } else if (line[at] == '"' && cell->empty()) {
      for (++at;; ++at) {
        const std::size_t quote = line.find('"', at);
        if (quote == std::string_view::npos) return Invalid("a quote is not closed on its line");
        cell->append(line.substr(at, quote - at));
        at = quote + 1;
        if (at == line.size() || line[at] != '"') break;
        cell->push_back('"');
      }
      if (at < line.size() && line[at] != ',') return Invalid("expected a comma behind a closing quote");
    } else {
      const std::size_t end = std::min(line.find(',', at), line.size());
      cell->append(line.substr(at, end - at));
      at = end;
    }
  }
  cells.resize(count);
  return {};
}

// The field of a gateway that is a list; null for any other.
std::vector<std::string>* ListField(ListedGateway& gateway, std::string_view name) {
  if (name == "boards") return &gateway.attributes.boards;
  if (name == "kinds") return &gateway.attributes.kinds;
  return nullptr;
}

void SplitList(std::string_view text, std::vector<std::string>& list) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of(" ;"), text.size());
    if (end > 0) list.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

/// The lines of a CSV file: the first one has the names.
class CsvReader {
 public:
  Result<std::optional<ListedGateway>> Read(std::string_view line) {
    TRY(SplitCsv(line, cells_));
    if (names_.empty()) {
      names_ = cells_;
      ListedGateway probe;
      for (const std::string& name : names_) {
        // A number would be refused for being none, but here only the name counts.
        if (ListField(probe, name) == nullptr) TRY(SetField(probe, name, "0"));
      }
      return std::optional<ListedGateway>();
    }
    if (cells_.size() != names_.size()) {
      return Invalid(fmt::format("{} cells, but the first line names {}", cells_.size(), names_.size()));
    }
    ListedGateway gateway;
    for (std::size_t i = 0; i < cells_.size(); ++i) {
      // An empty cell is something that the gateway does not have.
      if (cells_[i].empty()) continue;
      if (std::vector<std::string>* field = ListField(gateway, names_[i])) {
        SplitList(cells_[i], *field);
      } else {
        TRY(SetField(gateway, names_[i], cells_[i]));
      }
    }
    return std::optional(std::move(gateway));
  }

 private:
  std::vector<std::string> names_;
  std::vector<std::string> cells_;
};

Result<std::string> TextOf(std::string_view name, const nlohmann::json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return Invalid(fmt::format("{}: expected a text or a number, found {}", name, value.type_name()));
}

Result<std::optional<ListedGateway>> ReadJson(std::string_view line) {
  const nlohmann::json object = nlohmann::json::parse(line, nullptr, false);
  if (!object.is_object()) return Invalid("expected one JSON object on the line, as in {\"gateway\": \"gw-1\"}");
  ListedGateway gateway;
  for (const auto& [key, value] : object.items()) {
    if (value.is_null()) continue;
    if (std::vector<std::string>* list = ListField(gateway, key)) {
      if (!value.is_array()) return Invalid(key + ": expected a list");
      for (const nlohmann::json& item : value) {
        TRY_ASSIGN(std::string text, TextOf(key, item));
        list->push_back(std::move(text));
      }
    } else if ((key == "tags" || key == "runs") && value.is_object()) {
      for (const auto& [inner, text_value] : value.items()) {
        const std::string name = key + "." + inner;
        TRY_ASSIGN(const std::string text, TextOf(name, text_value));
        TRY(SetField(gateway, name, text));
      }
    } else {
      TRY_ASSIGN(const std::string text, TextOf(key, value));
      TRY(SetField(gateway, key, text));
    }
  }
  return std::optional(std::move(gateway));
}

}  // namespace

Result<void> ReadGateways(const std::string& name, std::istream& list, const GatewaySink& sink) {
  const bool is_json = name.ends_with(".jsonl") || name.ends_with(".ndjson");
  if (!is_json && !name.ends_with(".csv")) {
    return Invalid(fmt::format("{}: is it CSV or JSON Lines? Call it .csv, .jsonl or .ndjson", name));
  }
  CsvReader csv;
  std::string line;
  for (int number = 1; std::getline(list, line); ++number) {
    const auto read = [&]() -> Result<void> {
      if (line.size() > kMaxLineBytes) return Invalid("the line has over 1 MiB; is it a list of gateways?");
      if (line.ends_with('\r')) line.pop_back();
      if (line.empty()) return {};
      TRY_ASSIGN(std::optional<ListedGateway> gateway, is_json ? ReadJson(line) : csv.Read(line));
      if (!gateway) return {};
      gateway->line = number;
      return sink(*gateway);
    };
    if (Result<void> done = read(); !done) {
      return Error{done.error().code, fmt::format("{}:{}: {}", name, number, done.error().message)};
    }
  }
  if (list.bad()) return Error{Code::kUnavailable, fmt::format("{}: can not be read to its end", name)};
  return {};
}

}  // namespace motley::cli
