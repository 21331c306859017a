#include "common/fleet/rules.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <set>
#include <utility>

#include "common/assign/logic.h"
#include "common/selector/parser.h"
#include "common/selector/spelling.h"

namespace motley {
namespace {

constexpr std::int64_t kMaxAmount = 1'000'000'000;
constexpr std::size_t kMaxRules = 1000;

/// What a rule can be, and which keys may stand beside it.
struct Kind {
  std::string_view key;
  std::vector<std::string_view> options;
};

const std::vector<Kind>& Kinds() {
  static const std::vector<Kind> kinds = {
      {"coverage", {"where"}},
      {"prefer", {"where", "weight"}},
      {"at_least", {"of", "where", "within", "weight", "charge"}},
      {"at_most", {"of", "where", "within", "weight", "charge"}},
      {"exactly", {"of", "where", "within", "weight", "charge"}},
      {"distinct", {"where", "within", "charge", "without"}},
      {"balance", {"where", "within", "weight", "charge"}},
      {"keep", {"where"}},
      {"logic", {"where", "within", "weight"}},
  };
  return kinds;
}

const std::vector<std::string_view> kOptions = {"name", "of", "where", "within", "weight", "charge", "without"};

std::string Listed(const std::vector<std::string_view>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + std::string(words[i]);
  }
  return text;
}

/// Reads one item of the list.
class RuleParser {
 public:
  RuleParser(const YamlFile& file, const std::vector<std::string>& variants) : file_(file), variants_(variants) {}

  Result<std::vector<FleetRule>> Parse(const YAML::Node& node) {
    TRY(FindKeys(node));
    rule_.rule.line = node.Mark().line + 1;
    TRY(Name());
    TRY(Options());
    TRY(Value());
    if (!each_) return std::vector<FleetRule>{rule_};
    std::vector<FleetRule> rules;
    for (std::size_t i = 0; i < variants_.size(); ++i) {
      rules.push_back(rule_);
      std::get<assign::Count>(rules.back().rule.what).variants = {static_cast<std::int32_t>(i)};
      rules.back().rule.name += fmt::format(" ({})", variants_[i]);
    }
    return rules;
  }

 private:
  Error At(const YAML::Node& node, std::string_view problem) const {
    const std::string& name = rule_.rule.name;
    return file_.At(node,
                    name.empty() ? fmt::format("rule: {}", problem) : fmt::format("rule \"{}\": {}", name, problem));
  }
  std::string What(std::string_view key) const { return fmt::format("rule \"{}\": {}", rule_.rule.name, key); }
  bool Has(std::string_view key) const { return options_.contains(std::string(key)); }
  const YAML::Node& Option(std::string_view key) const { return options_.find(std::string(key))->second; }

  Result<void> FindKeys(const YAML::Node& node) {
    TRY(file_.EachEntry(node, "rule", [&](const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
      return Key(key, key_node, value);
    }));
    std::vector<std::string_view> kinds;
    for (const Kind& kind : Kinds()) kinds.push_back(kind.key);
    if (kind_ == nullptr) return At(node, "says nothing; begin with " + Listed(kinds));
    for (const auto& [option, value] : options_) {
      if (option == "name") continue;
      if (std::find(kind_->options.begin(), kind_->options.end(), option) == kind_->options.end()) {
        return At(value, fmt::format("\"{}\" does not go with \"{}\"; there can be {}", option, kind_->key,
                                     Listed(kind_->options)));
      }
    }
    return {};
  }

  Result<void> Key(const std::string& key, const YAML::Node& key_node, const YAML::Node& value) {
    std::vector<std::string_view> known = kOptions;
    for (const Kind& kind : Kinds()) {
      known.push_back(kind.key);
      if (kind.key != key) continue;
      if (kind_ != nullptr) {
        return At(key_node, fmt::format("is both \"{}\" and \"{}\"; make two rules of it", kind_->key, key));
      }
      kind_ = &kind;
      value_ = value;
      return {};
    }
    if (std::find(kOptions.begin(), kOptions.end(), key) == kOptions.end()) {
      return file_.UnknownKey(key_node, key, "rule", known);
    }
    options_.emplace(key, value);
    return {};
  }

  // The name that stands there, or else what the rule says in short.
  Result<void> Name() {
    std::string& name = rule_.rule.name;
    if (Has("name")) {
      TRY_ASSIGN(name, file_.Text(Option("name"), "rule: name"));
      return {};
    }
    const auto text = [](const YAML::Node& node) {
      if (node.IsScalar()) return node.Scalar();
      std::string all;
      for (const auto& item : node) all += (all.empty() ? "" : ", ") + (item.IsScalar() ? item.Scalar() : "?");
      return all;
    };
    name = fmt::format("{} {}", kind_->key, text(value_));
    if (Has("of")) name += " of " + text(Option("of"));
    if (Has("where")) name += " where " + text(Option("where"));
    if (Has("within")) name += " within " + text(Option("within"));
    constexpr std::size_t kLongest = 160;
    if (name.size() > kLongest) name = name.substr(0, kLongest) + "...";
    return {};
  }

  Result<void> Options() {
    if (Has("where")) {
      TRY_ASSIGN(const std::string text, file_.Text(Option("where"), What("where")));
      auto where = Selector::Parse(text);
      if (!where) return At(Option("where"), "where: " + where.error().message);
      rule_.where = *std::move(where);
    }
    if (Has("within")) TRY(Within(Option("within")));
    if (Has("weight")) {
      TRY_ASSIGN(rule_.rule.weight, Weight(Option("weight"), "weight"));
    }
    if (Has("charge")) {
      TRY_ASSIGN(const bool once, OneOf(Option("charge"), "charge", "per_gateway", "once"));
      rule_.rule.charge = once ? assign::Charge::kOnce : assign::Charge::kPerGateway;
    }
    return {};
  }

  Result<void> Within(const YAML::Node& node) {
    TRY_ASSIGN(const std::string text, file_.Text(node, What("within")));
    auto attribute = ParseAttribute(text);
    if (!attribute) return At(node, "within: " + attribute.error().message);
    const bool is_tag = attribute->attribute == Attribute::kTag;
    if (!is_tag && TypeOf(attribute->attribute) != Type::kString) {
      return At(node, fmt::format("within: {} is {}; it takes a string such as tags.site or arch", text,
                                  TypeOf(attribute->attribute) == Type::kNumber ? "a number" : "a list"));
    }
    rule_.within = *std::move(attribute);
    return {};
  }

  // Nothing: hard.
  Result<std::optional<std::int64_t>> Weight(const YAML::Node& node, std::string_view key) const {
    if (node.IsScalar() && node.Scalar() == "hard") return std::optional<std::int64_t>();
    if (!node.IsScalar()) return At(node, fmt::format("{}: write hard, or a whole number as the weight", key));
    auto weight = file_.Integer(node, node.Scalar(), What(key), 1, assign::kMaxWeight);
    if (!weight) return Error{weight.error().code, weight.error().message + ", and not \"hard\""};
    return std::optional<std::int64_t>(*weight);
  }

  // Whether it is the second one.
  Result<bool> OneOf(const YAML::Node& node, std::string_view key, std::string_view first,
                     std::string_view second) const {
    TRY_ASSIGN(const std::string text, file_.Text(node, What(key)));
    if (text != first && text != second) {
      return At(node, fmt::format("{}: \"{}\" is not {} or {}", key, text, first, second));
    }
    return text == second;
  }

  Result<std::vector<std::int32_t>> Variants(const YAML::Node& node, std::string_view key) const {
    std::vector<std::int32_t> places;
    const auto add = [&](const YAML::Node& item) -> Result<void> {
      TRY_ASSIGN(const std::string name, file_.Text(item, What(key)));
      const auto found = std::find(variants_.begin(), variants_.end(), name);
      if (found == variants_.end()) {
        return At(item, fmt::format("{}: there is no variant \"{}\"{}", key, name,
                                    DidYouMean(name, {variants_.begin(), variants_.end()})));
      }
      const auto place = static_cast<std::int32_t>(found - variants_.begin());
      if (std::find(places.begin(), places.end(), place) != places.end()) {
        return At(item, fmt::format("{}: \"{}\" is there twice", key, name));
      }
      places.push_back(place);
      return {};
    };
    if (node.IsSequence()) {
      TRY(file_.EachItem(node, What(key), add));
    } else if (node.IsScalar() && node.Scalar() == "all") {
      for (std::size_t i = 0; i < variants_.size(); ++i) places.push_back(static_cast<std::int32_t>(i));
    } else {
      TRY(add(node));
    }
    if (places.empty()) return At(node, fmt::format("{}: names no variant; list one, or write all", key));
    return places;
  }

  Result<void> Value() {
    if (kind_->key == "coverage" || kind_->key == "keep" || kind_->key == "distinct") return ByWeight();
    if (kind_->key == "prefer") {
      if (!Has("weight")) return At(value_, "weight is missing; write how much each gateway pays, or hard");
      TRY_ASSIGN(auto variants, Variants(value_, "prefer"));
      rule_.rule.what = assign::Prefer{std::move(variants)};
      return {};
    }
    if (kind_->key == "balance") {
      TRY_ASSIGN(auto variants, Variants(value_, "balance"));
      if (variants.size() < 2) return At(value_, "balance: one variant alone is always balanced; name two or more");
      rule_.rule.what = assign::Balance{std::move(variants)};
      return {};
    }
    if (kind_->key == "logic") return Logic();
    return Count();
  }

  Result<void> ByWeight() {
    TRY_ASSIGN(rule_.rule.weight, Weight(value_, kind_->key));
    if (kind_->key == "coverage") rule_.rule.what = assign::Coverage{};
    if (kind_->key == "keep") rule_.rule.what = assign::Keep{};
    if (kind_->key == "distinct") {
      assign::Distinct distinct;
      if (Has("without")) {
        TRY_ASSIGN(const bool equal, OneOf(Option("without"), "without", "left_out", "equal"));
        if (equal) distinct.without = assign::WithoutVariant::kEqual;
      }
      rule_.rule.what = distinct;
    }
    return {};
  }

  Result<void> Count() {
    assign::Count count;
    if (kind_->key == "at_most") count.comparison = assign::Comparison::kAtMost;
    if (kind_->key == "exactly") count.comparison = assign::Comparison::kExactly;
    TRY_ASSIGN(std::string text, file_.Text(value_, What(kind_->key)));
    if (text.ends_with('%')) {
      count.unit = assign::Unit::kPercent;
      text.pop_back();
      auto percent = file_.Integer(value_, text, What(kind_->key), 0, 100);
      if (!percent) return Error{percent.error().code, percent.error().message + " percent"};
      count.amount = *percent;
    } else {
      auto amount = file_.Integer(value_, text, What(kind_->key), 0, kMaxAmount);
      if (!amount) return Error{amount.error().code, amount.error().message + "; or write a share such as 10%"};
      count.amount = *amount;
    }
    if (!Has("of")) return At(value_, "of is missing; list the variants, or write all (together) or each (on its own)");
    const YAML::Node& of = Option("of");
    each_ = of.IsScalar() && of.Scalar() == "each";
    if (!each_) {
      TRY_ASSIGN(count.variants, Variants(of, "of"));
    }
    rule_.rule.what = std::move(count);
    return {};
  }

  Result<void> Logic() {
    TRY_ASSIGN(std::string text, file_.Text(value_, What("logic")));
    auto condition = assign::ParseCondition(text);
    if (!condition) return At(value_, "logic: " + condition.error().message);
    rule_.rule.what = assign::Logic{std::move(text)};
    return {};
  }

  const YamlFile& file_;
  const std::vector<std::string>& variants_;
  const Kind* kind_ = nullptr;
  YAML::Node value_;
  std::map<std::string, YAML::Node> options_;
  FleetRule rule_;
  bool each_ = false;
};

}  // namespace

Result<std::vector<FleetRule>> ParseRules(const YamlFile& file, const YAML::Node& node,
                                          const std::vector<std::string>& variants) {
  std::vector<FleetRule> rules;
  std::set<std::string> names;
  TRY(file.EachItem(node, "rules", [&](const YAML::Node& item) -> Result<void> {
    TRY_ASSIGN(std::vector<FleetRule> some, RuleParser(file, variants).Parse(item));
    for (FleetRule& rule : some) {
      if (!names.insert(rule.rule.name).second) {
        return file.At(item,
                       fmt::format("rule \"{}\" is there twice; leave one out, or give it a name", rule.rule.name));
      }
      rules.push_back(std::move(rule));
    }
    if (rules.size() > kMaxRules) {
      return file.At(item, fmt::format("rules: over the limit of {}; join some", kMaxRules));
    }
    return {};
  }));
  return rules;
}

}  // namespace motley
