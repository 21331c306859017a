#include <z3++.h>

#include <string>

#include "common/assign/answer.h"

namespace motley::assign {
namespace {

class Translator {
 public:
  Translator(const Model& model, z3::context& context, z3::optimize& optimize)
      : model_(model), context_(context), optimize_(optimize), cost_(context.int_val(model.constant)) {
    for (std::size_t i = 0; i < model.columns.size(); ++i) {
      columns_.push_back(context.int_const(("x" + std::to_string(i)).c_str()));
      optimize.add(columns_.back() >= 0);
      if (model.columns[i].cost != 0) cost_ = cost_ + Number(model.columns[i].cost) * columns_.back();
    }
    for (const Supply& supply : model.supplies) {
      z3::expr_vector parts(context);
      for (std::int32_t i = supply.first_column; i < supply.last_column; ++i) parts.push_back(columns_[i]);
      optimize.add(z3::sum(parts) == Number(supply.gateways));
    }
    for (const Tally& tally : model.tallies) tallies_.push_back(Sum(tally.columns));
    for (const Penalty& penalty : model.penalties) Add(penalty);
    for (const Requirement& requirement : model.requirements) Add(requirement);
  }

  const z3::expr& cost() const { return cost_; }

  std::vector<std::int64_t> Read(const z3::model& found) const {
    std::vector<std::int64_t> gateways;
    for (const z3::expr& column : columns_) gateways.push_back(found.eval(column, true).get_numeral_int64());
    return gateways;
  }

 private:
  z3::expr Number(std::int64_t value) const { return context_.int_val(value); }

  z3::expr Sum(const std::vector<std::int32_t>& columns) const {
    if (columns.empty()) return Number(0);
    z3::expr_vector parts(context_);
    for (const std::int32_t column : columns) parts.push_back(columns_[column]);
    return z3::sum(parts);
  }

  void Add(const Penalty& penalty) {
    z3::expr all_hold = context_.bool_val(true);
    for (const Band& band : penalty.bands) {
      const z3::expr& tally = tallies_[band.tally];
      if (penalty.weight && penalty.charge == Charge::kPerGateway) {
        // One unknown for what is missing or too many; the cost presses it down.
        const z3::expr off = context_.int_const(("off" + std::to_string(unknowns_++)).c_str());
        optimize_.add(off >= 0 && off >= Number(band.low) - tally && off >= tally - Number(band.high));
        cost_ = cost_ + Number(*penalty.weight) * off;
      } else {
        all_hold = all_hold && tally >= Number(band.low) && tally <= Number(band.high);
      }
    }
    Charge(penalty.weight, all_hold);
  }

  void Charge(std::optional<std::int64_t> weight, const z3::expr& condition) {
    if (!weight) {
      optimize_.add(condition);
    } else if (!condition.is_true()) {
      cost_ = cost_ + z3::ite(condition, Number(0), Number(*weight));
    }
  }

  void Add(const Requirement& requirement) {
    std::vector<z3::expr> symbols;
    for (const Requirement::Sum& sum : requirement.sums) symbols.push_back(Sum(sum.columns) + Number(sum.constant));
    Charge(requirement.weight, Translate(requirement.condition.term, symbols));
  }

  z3::expr Translate(const Term& term, const std::vector<z3::expr>& symbols) const {
    if (term.op == Operator::kNumber) return Number(term.value);
    if (term.op == Operator::kSymbol) return symbols[term.value];
    if (term.op == Operator::kTrue || term.op == Operator::kFalse) return context_.bool_val(term.op == Operator::kTrue);
    z3::expr_vector operands(context_);
    for (const Term& operand : term.terms) operands.push_back(Translate(operand, symbols));
    switch (term.op) {
      case Operator::kAnd:
        return z3::mk_and(operands);
      case Operator::kOr:
        return z3::mk_or(operands);
      case Operator::kNot:
        return !operands[0];
      case Operator::kDistinct:
        return z3::distinct(operands);
      case Operator::kIfThenElse:
        return z3::ite(operands[0], operands[1], operands[2]);
      case Operator::kImplies: {
        z3::expr implied = operands[static_cast<int>(operands.size()) - 1];
        for (int i = static_cast<int>(operands.size()) - 2; i >= 0; --i) implied = z3::implies(operands[i], implied);
        return implied;
      }
      case Operator::kXor: {
        z3::expr odd = operands[0];
        for (unsigned i = 1; i < operands.size(); ++i) odd = odd != operands[static_cast<int>(i)];
        return odd;
      }
      default:
        return operands[0].is_int() && !term.is_bool ? Arithmetic(term.op, operands) : Chain(term.op, operands);
    }
  }

  static z3::expr Arithmetic(Operator op, const z3::expr_vector& operands) {
    z3::expr value = operands[0];
    if (op == Operator::kSubtract && operands.size() == 1) return -value;
    for (unsigned i = 1; i < operands.size(); ++i) {
      const z3::expr operand = operands[static_cast<int>(i)];
      if (op == Operator::kAdd) value = value + operand;
      if (op == Operator::kSubtract) value = value - operand;
      if (op == Operator::kMultiply) value = value * operand;
    }
    return value;
  }

  static z3::expr Related(Operator op, const z3::expr& left, const z3::expr& right) {
    switch (op) {
      case Operator::kLess:
        return left < right;
      case Operator::kLessOrEqual:
        return left <= right;
      case Operator::kGreater:
        return left > right;
      case Operator::kGreaterOrEqual:
        return left >= right;
      default:
        return left == right;
    }
  }

  z3::expr Chain(Operator op, const z3::expr_vector& operands) const {
    z3::expr all = context_.bool_val(true);
    for (unsigned i = 1; i < operands.size(); ++i) {
      all = all && Related(op, operands[static_cast<int>(i) - 1], operands[static_cast<int>(i)]);
    }
    return all;
  }

  const Model& model_;
  z3::context& context_;
  z3::optimize& optimize_;
  z3::expr cost_;
  std::vector<z3::expr> columns_;
  std::vector<z3::expr> tallies_;
  int unknowns_ = 0;
};

Answer Ask(const Model& model, const Limits& limits) {
  z3::context context;
  z3::optimize optimize(context);
  if (limits.time_limit_ms > 0) {
    z3::params parameters(context);
    parameters.set("timeout", static_cast<unsigned>(std::min<std::int64_t>(limits.time_limit_ms, 0x7fffffff)));
    optimize.set(parameters);
  }
  const Translator translator(model, context, optimize);
  const z3::optimize::handle objective = optimize.minimize(translator.cost());
  const z3::check_result result = optimize.check();
  if (result == z3::unsat) return {.outcome = Outcome::kInfeasible};
  if (result == z3::unknown) return {.outcome = Outcome::kUnknown};
  Answer answer{.outcome = Outcome::kOptimal, .gateways = translator.Read(optimize.get_model())};
  answer.lower_bound = optimize.lower(objective).get_numeral_int64();
  return answer;
}

}  // namespace

Result<Answer> SolveZ3(const Model& model, const Limits& limits) {
  if (model.impossible) return Answer{.outcome = Outcome::kInfeasible};
  try {
    return Ask(model, limits);
  } catch (const z3::exception& error) {
    return Error{Code::kInternal, "Z3 gave up: " + std::string(error.msg()) + "; try another solver, or fewer rules"};
  }
}

}  // namespace motley::assign
