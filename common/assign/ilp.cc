#include <Cbc_C_Interface.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <numeric>
#include <string>

#include "common/assign/answer.h"
#include "common/assign/layout.h"

namespace motley::assign {
namespace {

/// A linear program with some variables integer, to be minimised.
struct Program {
  struct Variable {
    double upper = 0;
    std::int64_t cost = 0;
    bool integer = false;
  };
  struct Row {
    std::vector<std::pair<int, double>> terms;
    double low = 0;
    double high = 0;
  };
  std::vector<Variable> variables;
  std::vector<Row> rows;

  int Add(std::int64_t upper, std::int64_t cost, bool integer) {
    variables.push_back({static_cast<double>(upper), cost, integer});
    return static_cast<int>(variables.size()) - 1;
  }
};

/// The model as a program: the variables are its columns, then its tallies, then what bands need.
class Builder {
 public:
  /// `integral`: with the penalties charged once fixed the model is a network, so that its columns come out whole
  /// anyway.
  Builder(const Model& model, bool integral) : model_(model) {
    for (const Supply& supply : model.supplies) AddSupply(supply, !integral);
    for (const Tally& tally : model.tallies) AddTally(tally);
    for (const Penalty& penalty : model.penalties) {
      if (penalty.charge == Charge::kOnce) {
        AddOnce(penalty);
      } else {
        for (const Band& band : penalty.bands) AddBand(band, penalty.weight);
      }
    }
    Scale();
  }

  const Program& program() const { return program_; }
  /// An objective value of the program, rounded up to what the model can cost.
  std::int64_t BoundOf(double objective) const {
    const double slack = 1e-6 + 1e-9 * std::abs(objective);
    const double limit = static_cast<double>(kMaxCost);
    return base_ + scale_ * static_cast<std::int64_t>(std::ceil(std::clamp(objective - slack, 0.0, limit)));
  }
  const std::vector<int>& once() const { return once_; }

 private:
  static constexpr double kNoLimit = std::numeric_limits<double>::max();

  void AddSupply(const Supply& supply, bool integer) {
    // What every gateway pays at least is no part of the program: small numbers are exact.
    std::int64_t least = model_.columns[supply.first_column].cost;
    for (std::int32_t i = supply.first_column; i < supply.last_column; ++i) {
      least = std::min(least, model_.columns[i].cost);
    }
    base_ += least * supply.gateways;
    const auto gateways = static_cast<double>(supply.gateways);
    Program::Row row{.low = gateways, .high = gateways};
    for (std::int32_t i = supply.first_column; i < supply.last_column; ++i) {
      row.terms.emplace_back(program_.Add(supply.gateways, model_.columns[i].cost - least, integer), 1);
    }
    program_.rows.push_back(std::move(row));
  }

  void AddTally(const Tally& tally) {
    tallies_.push_back(program_.Add(tally.most, 0, false));
    Program::Row row;
    for (const std::int32_t column : tally.columns) row.terms.emplace_back(column, 1);
    row.terms.emplace_back(tallies_.back(), -1);
    program_.rows.push_back(std::move(row));
  }

  void AddBand(const Band& band, std::optional<std::int64_t> weight) {
    const Tally& tally = model_.tallies[band.tally];
    Program::Row at_least{{{tallies_[band.tally], 1}}, static_cast<double>(band.low), kNoLimit};
    Program::Row at_most{{{tallies_[band.tally], 1}}, -kNoLimit, static_cast<double>(band.high)};
    if (weight) {
      at_least.terms.emplace_back(program_.Add(std::max<std::int64_t>(0, band.low - tally.least), *weight, false), 1);
      at_most.terms.emplace_back(program_.Add(std::max<std::int64_t>(0, tally.most - band.high), *weight, false), -1);
    }
    if (band.low > tally.least) program_.rows.push_back(std::move(at_least));
    if (band.high < tally.most) program_.rows.push_back(std::move(at_most));
  }

  void AddOnce(const Penalty& penalty) {
    const int paid = program_.Add(1, *penalty.weight, true);
    once_.push_back(paid);
    for (const Band& band : penalty.bands) {
      const Tally& tally = model_.tallies[band.tally];
      const int variable = tallies_[band.tally];
      if (band.low > tally.least) {
        const auto most_missing = static_cast<double>(band.low - tally.least);
        program_.rows.push_back({{{variable, 1}, {paid, most_missing}}, static_cast<double>(band.low), kNoLimit});
      }
      if (band.high < tally.most) {
        const auto most_over = static_cast<double>(tally.most - band.high);
        program_.rows.push_back({{{variable, 1}, {paid, -most_over}}, -kNoLimit, static_cast<double>(band.high)});
      }
    }
  }

  /// Divides all costs by what they have in common.
  void Scale() {
    std::int64_t common = 0;
    for (const Program::Variable& variable : program_.variables) common = std::gcd(common, variable.cost);
    scale_ = std::max<std::int64_t>(1, common);
    for (Program::Variable& variable : program_.variables) variable.cost /= scale_;
    base_ += model_.constant;
  }

  const Model& model_;
  Program program_;
  std::vector<int> tallies_;
  std::vector<int> once_;
  std::int64_t base_ = 0;
  std::int64_t scale_ = 1;
};

using Handle = std::unique_ptr<Cbc_Model, decltype(&Cbc_deleteModel)>;

void Load(Cbc_Model* cbc, const Program& program) {
  std::vector<std::vector<std::pair<int, double>>> by_variable(program.variables.size());
  for (std::size_t row = 0; row < program.rows.size(); ++row) {
    for (const auto& [variable, factor] : program.rows[row].terms) {
      by_variable[variable].emplace_back(static_cast<int>(row), factor);
    }
  }
  std::vector<CoinBigIndex> starts{0};
  std::vector<int> index;
  std::vector<double> value, lower(program.variables.size(), 0), upper, cost, row_low, row_high;
  for (std::size_t i = 0; i < program.variables.size(); ++i) {
    for (const auto& [row, factor] : by_variable[i]) {
      index.push_back(row);
      value.push_back(factor);
    }
    starts.push_back(static_cast<CoinBigIndex>(index.size()));
    upper.push_back(program.variables[i].upper);
    cost.push_back(static_cast<double>(program.variables[i].cost));
  }
  for (const Program::Row& row : program.rows) {
    row_low.push_back(row.low);
    row_high.push_back(row.high);
  }
  Cbc_loadProblem(cbc, static_cast<int>(program.variables.size()), static_cast<int>(program.rows.size()), starts.data(),
                  index.data(), value.data(), lower.data(), upper.data(), cost.data(), row_low.data(), row_high.data());
  for (std::size_t i = 0; i < program.variables.size(); ++i) {
    if (program.variables[i].integer) Cbc_setInteger(cbc, static_cast<int>(i));
  }
}

/// What CBC found, as whole gateways; empty if nothing.
std::vector<std::int64_t> Round(const Model& model, const double* solution) {
  std::vector<std::int64_t> gateways;
  for (std::size_t i = 0; solution != nullptr && i < model.columns.size(); ++i) {
    gateways.push_back(std::llround(solution[i]));
  }
  return gateways;
}

/// The network that is left once it is known which penalties are paid, solved in whole numbers.
std::vector<std::int64_t> SolveRest(const Model& model, const std::vector<int>& once, const double* solution) {
  if (solution == nullptr) return {};
  std::vector<bool> paid;
  for (const int variable : once) paid.push_back(solution[variable] > 0.5);
  return SolveFlow(WithOnceFixed(model, paid)).gateways;
}

}  // namespace

Result<Answer> SolveIlp(const Model& model, const Limits& limits) {
  if (model.impossible) return Answer{.outcome = Outcome::kInfeasible};
  if (model.supplies.empty()) return Answer{.outcome = Outcome::kOptimal, .lower_bound = CostOf(model, {})};
  const bool integral = LayOut(model).has_value();
  const Builder builder(model, integral);
  const Handle cbc(Cbc_newModel(), &Cbc_deleteModel);
  Load(cbc.get(), builder.program());
  Cbc_setLogLevel(cbc.get(), 0);
  Cbc_setParameter(cbc.get(), "allowableGap", "0");
  Cbc_setParameter(cbc.get(), "ratioGap", "0");
  if (limits.time_limit_ms > 0) {
    Cbc_setParameter(cbc.get(), "seconds", std::to_string(static_cast<double>(limits.time_limit_ms) / 1000).c_str());
  }
  Cbc_solve(cbc.get());
  if (Cbc_isProvenInfeasible(cbc.get()) != 0) return Answer{.outcome = Outcome::kInfeasible};
  const bool done = Cbc_isProvenOptimal(cbc.get()) != 0;
  const bool found = done || Cbc_numberSavedSolutions(cbc.get()) > 0;
  const double* solution = found ? Cbc_getColSolution(cbc.get()) : nullptr;
  Answer answer;
  answer.gateways = integral ? SolveRest(model, builder.once(), solution) : Round(model, solution);
  answer.outcome = answer.gateways.empty() ? Outcome::kUnknown : Outcome::kFeasible;
  answer.lower_bound = builder.BoundOf(done ? Cbc_getObjValue(cbc.get()) : Cbc_getBestPossibleObjValue(cbc.get()));
  if (answer.gateways.empty()) return answer;
  const std::int64_t cost = CostOf(model, answer.gateways);
  answer.lower_bound = std::min(answer.lower_bound, cost);
  if (done && answer.lower_bound == cost) answer.outcome = Outcome::kOptimal;
  return answer;
}

}  // namespace motley::assign
