#include "tests/common/assign/random_problem.h"

#include <algorithm>
#include <string>

#include "common/assign/evaluate.h"

namespace motley::assign {
namespace {

class Generator {
 public:
  Generator(std::uint32_t seed, Conditions conditions) : random_(seed), conditions_(conditions) {}

  Problem MakeOnce() {
    Make();
    const int rules = Number(2, 5);
    for (int i = 0; i < rules; ++i) {
      AddRule(static_cast<int>(problem_.rules.size()), Number(3, 8));
      problem_.rules.back().weight = Number(1, 12);
      problem_.rules.back().charge = Charge::kOnce;
    }
    return problem_;
  }

  Problem Make() {
    const int applications = Number(0, 3) == 0 ? 2 : 1;
    for (int i = 0; i < applications; ++i) {
      problem_.applications.push_back({"app" + std::to_string(i), Number(1, 2)});
      const int variants = Number(2, applications == 1 ? 4 : 2);
      for (int j = 0; j < variants; ++j) {
        problem_.variants.push_back(
            {std::string(1, static_cast<char>('a' + i)) + std::to_string(j), i, {Number(0, 3)}});
      }
    }
    problem_.resources = {"memory_mb"};
    problem_.attributes = {{"site", {"oslo", "bergen"}}};
    const int classes = Number(1, 3);
    for (int i = 0; i < classes; ++i) AddClass(i);
    const int rules = Number(1, 6);
    for (int i = 0; i < rules; ++i) AddRule(i);
    return problem_;
  }

 private:
  std::int32_t Number(std::int32_t low, std::int32_t high) {
    // Not std::uniform_int_distribution, which may differ from library to library.
    return low + static_cast<std::int32_t>(random_() % static_cast<std::uint32_t>(high - low + 1));
  }

  std::int32_t AnyVariant() { return Number(0, static_cast<std::int32_t>(problem_.variants.size()) - 1); }
  std::int32_t AnyApplication() { return Number(0, static_cast<std::int32_t>(problem_.applications.size()) - 1); }

  void AddClass(int index) {
    GatewayClass added{.name = "class" + std::to_string(index), .count = Number(0, 3)};
    for (std::size_t i = 0; i < problem_.variants.size(); ++i) {
      if (Number(0, 3) > 0) added.options.push_back({static_cast<std::int32_t>(i), Number(0, 3)});
    }
    for (std::size_t i = 0; i < problem_.applications.size(); ++i) {
      const std::int32_t current = AnyVariant();
      added.current.push_back(problem_.variants[current].application == static_cast<int>(i) ? current : kNone);
    }
    added.values = {Number(-1, 1)};
    added.member = {Number(0, 1) == 1, Number(0, 3) > 0};
    if (Number(0, 1) == 1) added.capacities = {Number(2, 5)};
    problem_.classes.push_back(std::move(added));
  }

  std::vector<std::int32_t> Variants(std::size_t least) {
    std::vector<std::int32_t> variants;
    while (variants.size() < least || Number(0, 1) == 1) {
      const std::int32_t variant = AnyVariant();
      if (std::find(variants.begin(), variants.end(), variant) == variants.end()) variants.push_back(variant);
      if (variants.size() == problem_.variants.size()) break;
    }
    return variants;
  }

  void AddRule(int index) { AddRule(index, Number(0, conditions_ == Conditions::kWith ? 9 : 8)); }

  void AddRule(int index, int kind) {
    Rule rule{.name = "rule" + std::to_string(index), .line = index + 1};
    if (Number(0, 4) > 0) rule.weight = Number(0, 12);
    rule.selector = Number(-1, 1);
    if (kind >= 3) rule.within = Number(-1, 0);
    if (kind >= 3 && kind <= 8 && Number(0, 2) == 0) rule.charge = Charge::kOnce;
    if (kind == 0) rule.what = Coverage{AnyApplication()};
    if (kind == 1) rule.what = Prefer{Variants(1)};
    if (kind == 2) rule.what = Keep{AnyApplication()};
    if (kind >= 3 && kind <= 5) rule.what = AnyCount();
    if (kind == 6) rule.what = Distinct{AnyApplication(), static_cast<WithoutVariant>(Number(0, 1))};
    if (kind == 7 || kind == 8) rule.what = Balance{Variants(2)};
    if (kind == 9) rule.what = Logic{Condition()};
    problem_.rules.push_back(std::move(rule));
  }

  Count AnyCount() {
    Count count{.comparison = static_cast<Comparison>(Number(0, 2)), .variants = Variants(1)};
    count.unit = static_cast<Unit>(Number(0, 1));
    count.amount = count.unit == Unit::kPercent ? Number(0, 4) * 25 : Number(0, 3);
    return count;
  }

  std::string Condition() {
    const std::string a = problem_.variants[AnyVariant()].name;
    const std::string b = problem_.variants[AnyVariant()].name;
    const std::string n = std::to_string(Number(0, 2));
    switch (Number(0, 3)) {
      case 0:
        return "(=> (> " + a + " 0) (>= " + b + " " + n + "))";
      case 1:
        return "(xor (= " + a + " " + n + ") (> (+ " + b + " app0/none) 1))";
      case 2:
        return "(distinct " + a + " (* 2 " + b + ") (- gateways " + n + "))";
      default:
        return "(<= " + n + " (ite (< " + a + " " + b + ") " + b + " (- " + a + ")) 3)";
    }
  }

  std::mt19937 random_;
  Conditions conditions_;
  Problem problem_;
};

bool FitsTogether(const Problem& problem, const GatewayClass& gateway_class,
                  const std::vector<std::int32_t>& variants) {
  for (std::size_t i = 0; i < gateway_class.capacities.size(); ++i) {
    std::int64_t demand = 0;
    for (const std::int32_t variant : variants) demand += variant == kNone ? 0 : problem.variants[variant].demands[i];
    if (demand > gateway_class.capacities[i]) return false;
  }
  return true;
}

/// All that one gateway of the class could run: a variant or kNone for each application.
std::vector<std::vector<std::int32_t>> ChoicesOf(const Problem& problem, const GatewayClass& gateway_class) {
  std::vector<std::vector<std::int32_t>> choices{{}};
  for (std::size_t application = 0; application < problem.applications.size(); ++application) {
    std::vector<std::int32_t> own{kNone};
    for (const Option& option : gateway_class.options) {
      if (problem.variants[option.variant].application == static_cast<int>(application)) own.push_back(option.variant);
    }
    std::vector<std::vector<std::int32_t>> longer;
    for (const auto& choice : choices) {
      for (const std::int32_t variant : own) {
        longer.push_back(choice);
        longer.back().push_back(variant);
      }
    }
    choices = std::move(longer);
  }
  std::erase_if(choices, [&](const auto& choice) { return !FitsTogether(problem, gateway_class, choice); });
  return choices;
}

class Exhaustion {
 public:
  explicit Exhaustion(const Problem& problem) : problem_(problem) {
    for (std::size_t i = 0; i < problem.applications.size(); ++i) applications_.push_back(static_cast<int>(i));
    for (const GatewayClass& gateway_class : problem.classes) choices_.push_back(ChoicesOf(problem, gateway_class));
  }

  std::optional<std::int64_t> Best() {
    Try(0, 0, problem_.classes.empty() ? 0 : problem_.classes[0].count);
    return best_;
  }

 private:
  /// Hands out the `left` gateways of a class to its choices from `choice` on, then goes on to the next class.
  void Try(std::size_t index, std::size_t choice, std::int64_t left) {
    if (index == problem_.classes.size()) {
      const Bill bill = Evaluate(problem_, shares_).value();
      if (bill.broken.empty() && (!best_ || bill.cost < *best_)) best_ = bill.cost;
      return;
    }
    if (left == 0) {
      Try(index + 1, 0, index + 1 < problem_.classes.size() ? problem_.classes[index + 1].count : 0);
      return;
    }
    if (choice == choices_[index].size()) return;
    for (std::int64_t here = 0; here <= left; ++here) {
      if (here > 0) shares_.push_back({static_cast<int>(index), applications_, choices_[index][choice], here});
      Try(index, choice + 1, left - here);
      if (here > 0) shares_.pop_back();
    }
  }

  const Problem& problem_;
  std::vector<std::int32_t> applications_;
  std::vector<std::vector<std::vector<std::int32_t>>> choices_;
  std::vector<Share> shares_;
  std::optional<std::int64_t> best_;
};

}  // namespace

Problem RandomProblem(std::uint32_t seed, Conditions conditions) { return Generator(seed, conditions).Make(); }

Problem RandomOnceProblem(std::uint32_t seed) { return Generator(seed, Conditions::kWithout).MakeOnce(); }

std::int64_t AssignmentsOf(const Problem& problem, std::int64_t limit) {
  std::int64_t assignments = 1;
  for (const GatewayClass& gateway_class : problem.classes) {
    const auto choices = static_cast<std::int64_t>(ChoicesOf(problem, gateway_class).size());
    // Combinations with repetition: each step of the product is whole.
    std::int64_t ways = 1;
    for (std::int64_t i = 1; i <= gateway_class.count; ++i) ways = ways * (choices + i - 1) / i;
    assignments = std::min(limit, assignments * ways);
  }
  return assignments;
}

std::optional<std::int64_t> CheapestOfAll(const Problem& problem) { return Exhaustion(problem).Best(); }

}  // namespace motley::assign
