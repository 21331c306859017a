#include "controller/assign/scene.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "common/assign/rules.h"
#include "common/crypto/digest.h"
#include "controller/assign/choose.h"

namespace motley::controller {
namespace {

/// More than any soft rule that a person would write, so that it gives way only where nothing else can.
constexpr std::int64_t kAlmostHard = 1'000'000;

FleetRule StayRule() {
  FleetRule rule;
  rule.rule.name = "what runs stays";
  rule.rule.what = assign::Keep{};
  return rule;
}

/// Rules about how many gateways run what, which a few gateways alone may not be able to keep.
bool IsAboutCounts(const assign::Rule& rule) {
  return !std::holds_alternative<assign::Coverage>(rule.what) && !std::holds_alternative<assign::Prefer>(rule.what) &&
         !std::holds_alternative<assign::Keep>(rule.what);
}

/// Every variant that gateways have of it, for all gateways, so that they can keep it.
FleetApplication Kept(const OtherApplication& other) {
  FleetApplication application;
  application.name = other.name;
  for (std::size_t i = 0; i < other.wanted.kinds().size(); ++i) {
    application.variants.push_back({other.wanted.kinds()[i].Text(), Selector::Of({Always{true}}), 0, other.demands[i]});
  }
  application.rules.push_back(StayRule());
  return application;
}

void AddNumber(std::int64_t number, std::string& text) { text += std::to_string(number) + ","; }

/// All of a class that solutions depend on, without the class's own names and numbers.
std::string Described(const assign::Problem& problem, const assign::GatewayClass& gateways) {
  std::string text;
  for (const assign::Option& option : gateways.options) {
    AddNumber(option.variant, text);
    AddNumber(option.cost, text);
  }
  text += '|';
  for (const std::int32_t current : gateways.current) AddNumber(current, text);
  text += '|';
  for (std::size_t i = 0; i < gateways.values.size(); ++i) {
    const std::int32_t value = gateways.values[i];
    if (value != assign::kNone) text += problem.attributes[i].values[static_cast<std::size_t>(value)];
    text += '\0';
  }
  text += '|';
  for (const bool member : gateways.member) text += member ? '1' : '0';
  text += '|';
  for (const std::int64_t capacity : gateways.capacities) AddNumber(capacity, text);
  return text;
}

}  // namespace

Result<Scene> Scene::Create(const Question& question, HardRules hard) {
  Scene scene(question);
  if (question.kind == v1::Plan::KIND_PREVIEW) {
    TRY(scene.Choose());
  } else {
    scene.before_ = question.before;
    for (std::size_t row = 0; row < question.remembered.row_limit(); ++row) {
      const Wanted* wanted = question.remembered.At(static_cast<FleetIndex::Row>(row));
      if (wanted != nullptr) scene.before_.Set(static_cast<FleetIndex::Row>(row), *wanted);
    }
    for (const OtherApplication& other : question.others) scene.others_.push_back(other.wanted);
    if (question.kind == v1::Plan::KIND_JOIN) {
      scene.TakeListed();
    } else {
      question.fleet->Rows().ForEach(
          [&](std::size_t row) { scene.rows_.push_back(static_cast<FleetIndex::Row>(row)); });
    }
  }
  std::vector<FleetApplication> applications = scene.Applications(hard);
  Running running = scene.RunningNow(applications.size());
  TRY_ASSIGN(FleetProblem problem, FleetProblem::Create(scene.fleet(), std::move(applications), std::move(running)));
  scene.problem_ = std::make_unique<FleetProblem>(std::move(problem));
  const FleetIndex& fleet = scene.fleet();
  std::sort(scene.rows_.begin(), scene.rows_.end(),
            [&](FleetIndex::Row a, FleetIndex::Row b) { return fleet.Name(a) < fleet.Name(b); });
  return scene;
}

/// A fleet of its own for the chosen gateways: the rules are about them alone.
Result<void> Scene::Choose() {
  const FleetIndex& all = *question_->fleet;
  TRY_ASSIGN(const std::vector<FleetIndex::Row> chosen, ChoosePreview(all, question_->request.preview()));
  own_ = std::make_unique<FleetIndex>();
  for (const OtherApplication& other : question_->others) others_.emplace_back(other.wanted.kinds());
  for (const FleetIndex::Row row : chosen) {
    TRY_ASSIGN(const FleetIndex::Row copy, own_->Upsert(all.AttributesOf(row)));
    if (const Wanted* before = question_->Before(row)) before_.Set(copy, *before);
    for (std::size_t i = 0; i < others_.size(); ++i) {
      if (const Wanted* wanted = question_->others[i].wanted.At(row)) others_[i].Set(copy, *wanted);
    }
    rows_.push_back(copy);
  }
  return {};
}

/// Those that have gone since are left out.
void Scene::TakeListed() {
  const auto& listed = question_->request.join().gateways();
  for (const std::string& gateway : std::set<std::string>(listed.begin(), listed.end())) {
    if (const auto row = question_->fleet->Find(gateway)) rows_.push_back(*row);
  }
}

std::vector<FleetApplication> Scene::Applications(HardRules hard) const {
  std::vector<FleetApplication> applications;
  FleetApplication& own = applications.emplace_back(application());
  for (FleetRule& rule : own.rules) {
    if (hard == HardRules::kNoCounts && !rule.rule.weight && IsAboutCounts(rule.rule)) rule.rule.weight = kAlmostHard;
  }
  if (question_->kind == v1::Plan::KIND_JOIN) own.rules.push_back(StayRule());
  if (question_->kind == v1::Plan::KIND_SHUFFLE) {
    // Gateways that differ only in what they run are to be in one class.
    std::erase_if(own.rules,
                  [](const FleetRule& rule) { return std::holds_alternative<assign::Keep>(rule.rule.what); });
  }
  for (const OtherApplication& other : question_->others) {
    if (!other.wanted.kinds().empty()) applications.push_back(Kept(other));
  }
  return applications;
}

Running Scene::RunningNow(std::size_t applications) const {
  Running running(fleet().row_limit() * applications);
  std::vector<std::uint16_t> places;
  for (const Wanted& wanted : before_.kinds()) places.push_back(PlaceOf(wanted.variant));
  for (FleetIndex::Row row = 0; row < fleet().row_limit(); ++row) {
    if (const std::uint32_t place = before_.PlaceAt(row); place > 0) running[row * applications] = places[place - 1];
  }
  std::size_t application = 0;
  for (const WantedByRow& other : others_) {
    if (other.kinds().empty()) continue;
    ++application;
    for (FleetIndex::Row row = 0; row < fleet().row_limit(); ++row) {
      running[row * applications + application] = static_cast<std::uint16_t>(other.PlaceAt(row));
    }
  }
  return running;
}

std::uint16_t Scene::PlaceOf(std::string_view variant) const {
  const auto& variants = application().variants;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (variants[i].name == variant) return static_cast<std::uint16_t>(i + 1);
  }
  return 0;
}

std::vector<std::int32_t> Scene::Runnable(const assign::GatewayClass& gateways) const {
  std::vector<std::int32_t> variants;
  for (const assign::Option& option : gateways.options) {
    const auto place = static_cast<std::size_t>(option.variant);
    if (place < application().variants.size() && assign::Fits(problem(), gateways, option.variant)) {
      variants.push_back(option.variant);
    }
  }
  return variants;
}

std::int64_t Scene::Unavoidable() const {
  const FleetRule& last = application().rules.back();
  if (last.rule.name != kImpliedCoverageName || last.rule.line != 0) return 0;
  std::int64_t without = 0;
  for (const assign::GatewayClass& gateways : problem().classes) {
    if (Runnable(gateways).empty()) without += gateways.count;
  }
  return without * kImpliedCoverage * application().priority;
}

std::string Scene::DigestOf(const std::vector<FleetIndex::Row>& rows) const {
  std::vector<std::string> classes;
  for (const assign::GatewayClass& gateways : problem().classes)
    classes.push_back(Sha256(Described(problem(), gateways)));
  std::string text;
  for (const FleetIndex::Row row : rows) {
    text += fleet().Name(row);
    text += '\0';
    if (const Wanted* before = Before(row)) text += before->Text();
    text += '\0';
    text += classes[problem_->classes().Of(row)];
  }
  return Sha256(text);
}

}  // namespace motley::controller
