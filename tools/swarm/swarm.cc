#include "tools/swarm/swarm.h"

#include <fmt/format.h>
#include <google/protobuf/util/json_util.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>

#include "common/log/log.h"
#include "tools/swarm/machine.h"

namespace motley::swarm {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetry{1000};
constexpr milliseconds kLookAgain{20};
constexpr std::chrono::seconds kClosePatience{10};
/// So that names sort by number in most swarms.
constexpr std::size_t kLeastDigits = 3;

double ResidentMib() {
  std::ifstream file("/proc/self/statm");
  double total = 0;
  double resident = 0;
  file >> total >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE)) / (1024 * 1024);
}

bool IsTemporary(const Error& error) { return error.code == Code::kUnavailable || error.code == Code::kTimeout; }

}  // namespace

std::string Figures::Text() const {
  return fmt::format(
      "{} gateways: {} enrolled, {} connected, {} acknowledged; {} deploying, {} done, {} failed; {} sent, {} "
      "received; "
      "{:.0f} MiB",
      gateways, enrolled, connected, acknowledged, deploying, done, failed, traffic.sent, traffic.received,
      resident_mib);
}

std::string Figures::Json() const {
  return fmt::format(
      "{{\"gateways\":{},\"enrolled\":{},\"connected\":{},\"acknowledged\":{},\"deploying\":{},\"done\":{},"
      "\"failed\":{},\"leaving\":{},\"sent\":{},\"received\":{},\"sent_again\":{},\"resident_mib\":{:.1f}}}",
      gateways, enrolled, connected, acknowledged, deploying, done, failed, leaving, traffic.sent, traffic.received,
      traffic.sent_again, resident_mib);
}

Swarm::Swarm(Loop& loop, const Options& options, HttpClientOptions controller)
    : loop_(loop),
      behaviour_(options.behaviour),
      broker_url_(options.broker_url),
      failing_(options.failing.begin(), options.failing.end()),
      generator_(options.behaviour.seed, options.prefix,
                 std::max(kLeastDigits, std::to_string(options.gateways).size())),
      bundles_(loop, controller,
               [this] {
                 for (auto& [name, member] : members_) member.gateway->OnBundleLoaded();
               }),
      enroller_(loop, std::move(controller), options.existing) {}

Result<void> Swarm::Join(std::vector<Attributes> machines) {
  std::set<std::string_view> names;
  for (const Attributes& machine : machines) {
    if (members_.contains(machine.gateway) || !names.insert(machine.gateway).second) {
      return Error{Code::kConflict, "gateway " + machine.gateway + " is there twice; each has a name of its own"};
    }
  }
  for (Attributes& machine : machines) Add(std::move(machine));
  return {};
}

void Swarm::Join(std::uint32_t count) {
  while (count > 0) {
    Attributes machine = generator_.Next();
    // The fleet file may have used the name.
    if (members_.contains(machine.gateway)) continue;
    Add(std::move(machine));
    --count;
  }
}

void Swarm::Add(Attributes machine) {
  const std::string name = machine.gateway;
  Member& member = members_[name];
  member.gateway = std::make_unique<SimulatedGateway>(loop_, behaviour_, bundles_, traffic_, std::move(machine));
  if (failing_.contains(name)) member.gateway->SetFate(SimulatedGateway::Fate::kFails);
  Enrol(name);
}

void Swarm::Enrol(const std::string& name) {
  enroller_.Enrol(members_.at(name).gateway->machine(), [this, name](Result<Enrolled> enrolled) {
    Member& member = members_.at(name);
    if (!enrolled) {
      Complain("gateway " + name, enrolled.error());
      if (IsTemporary(enrolled.error())) member.retry = loop_.After(kRetry, [this, name] { Enrol(name); });
      return;
    }
    if (!broker_url_.empty()) enrolled->broker_url = broker_url_;
    if (const auto connected = member.gateway->Connect(*enrolled); !connected) Complain(name, connected.error());
  });
}

void Swarm::Leave(const std::string& name) {
  Member& member = members_.at(name);
  member.leaving = true;
  member.gateway->GoOffline();
  Remove(name);
}

void Swarm::Remove(const std::string& name) {
  Member& member = members_.at(name);
  // First what it says last: a message that comes after the controller has cleared its topics would stay there.
  if (member.gateway->closing()) {
    member.retry = loop_.After(kLookAgain, [this, name] { Remove(name); });
    return;
  }
  enroller_.Remove(name, [this, name](Result<void> removed) {
    if (removed || removed.error().code == Code::kNotFound) {
      members_.erase(name);
      return;
    }
    Complain("gateway " + name + " can not leave", removed.error());
    if (IsTemporary(removed.error())) {
      members_.at(name).retry = loop_.After(kRetry, [this, name] { Remove(name); });
    }
  });
}

void Swarm::Complain(const std::string& what, const Error& error) {
  const bool is_new = complaints_.insert(std::string(CodeName(error.code))).second;
  if (is_new) {
    LogWarning("{}: {} (the next ones like this are logged as debug messages)", what, error.message);
  } else {
    LogDebug("{}: {}", what, error.message);
  }
}

// --- orders ---

std::string Swarm::Obey(const std::string& line) {
  const auto order = ParseOrder(line);
  const Result<std::string> answer = order ? Carry(*order) : Result<std::string>(order.error());
  return answer ? *answer : "error: " + answer.error().message;
}

Result<std::string> Swarm::Carry(const Order& order) {
  using Verb = Order::Verb;
  if (order.verb == Verb::kHelp) return std::string(OrderHelp());
  if (order.verb == Verb::kStat) return Count().Json();
  if (order.verb == Verb::kJoin) {
    if (members_.size() + order.count > kMostGateways) {
      return Error{Code::kInvalid, fmt::format("{} gateways and {} more are over the limit of {}; start another swarm",
                                               members_.size(), order.count, kMostGateways)};
    }
    Join(order.count);
    return fmt::format("ok {} join", order.count);
  }
  TRY_ASSIGN(const std::vector<std::string> names, Named(order.gateways));
  if (order.verb == Verb::kShow) return Show(names);
  for (const std::string& name : names) TRY(CarryFor(order, name));
  return fmt::format("ok {} gateways", names.size());
}

Result<void> Swarm::CarryFor(const Order& order, const std::string& name) {
  SimulatedGateway& gateway = *members_.at(name).gateway;
  switch (order.verb) {
    case Order::Verb::kContext:
      return ChangeContext(name, order.changes);
    case Order::Verb::kLeave:
      if (!gateway.enrolled()) {
        return Error{Code::kConflict, "gateway " + name + " is not enrolled yet; `stat` tells when all are"};
      }
      Leave(name);
      return {};
    case Order::Verb::kOffline:
      gateway.GoOffline();
      return {};
    case Order::Verb::kOnline:
      return gateway.GoOnline();
    default:
      gateway.SetFate(order.verb == Order::Verb::kFail ? SimulatedGateway::Fate::kFails
                                                       : SimulatedGateway::Fate::kByChance);
      return {};
  }
}

Result<void> Swarm::ChangeContext(const std::string& name, const std::vector<std::string>& changes) {
  SimulatedGateway& gateway = *members_.at(name).gateway;
  Attributes machine = gateway.machine();
  for (const std::string& change : changes) TRY(ChangeMachine(change, machine).While("gateway " + name));
  if (machine.tags != gateway.machine().tags) {
    enroller_.Tag(name, machine.tags, [this, name](const Result<void>& tagged) {
      if (!tagged) Complain("gateway " + name + " does not get its tags", tagged.error());
    });
  }
  gateway.SetMachine(std::move(machine));
  return {};
}

Result<std::vector<std::string>> Swarm::Named(const std::vector<std::string>& gateways) const {
  std::vector<std::string> names;
  for (const std::string& gateway : gateways) {
    if (gateway == "all") {
      for (const auto& [name, member] : members_) {
        if (!member.leaving) names.push_back(name);
      }
      continue;
    }
    const auto found = members_.find(gateway);
    if (found == members_.end() || found->second.leaving) {
      return Error{Code::kNotFound, "there is no gateway \"" + gateway + "\" in this swarm; `show all` lists them"};
    }
    names.push_back(gateway);
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

Result<std::string> Swarm::Show(const std::vector<std::string>& names) const {
  std::string text;
  for (const std::string& name : names) {
    google::protobuf::util::JsonPrintOptions options;
    options.preserve_proto_field_names = true;
    std::string json;
    if (!google::protobuf::util::MessageToJsonString(members_.at(name).gateway->Report(), &json, options).ok()) {
      return Error{Code::kCorrupt, "the report of gateway " + name + " is not all UTF-8"};
    }
    text += (text.empty() ? "" : "\n") + json;
  }
  return text;
}

// --- all of them ---

Figures Swarm::Count() const {
  Figures figures;
  figures.traffic = traffic_;
  figures.resident_mib = ResidentMib();
  figures.gateways = members_.size();
  for (const auto& [name, member] : members_) {
    const SimulatedGateway& gateway = *member.gateway;
    figures.leaving += member.leaving ? 1 : 0;
    figures.enrolled += gateway.enrolled() ? 1 : 0;
    figures.connected += gateway.connected() ? 1 : 0;
    figures.acknowledged += gateway.connected() && gateway.acknowledged() ? 1 : 0;
    const auto state = gateway.deployment().state();
    figures.done += state == v1::Deployment::STATE_DONE ? 1 : 0;
    figures.failed += state == v1::Deployment::STATE_FAILED ? 1 : 0;
    figures.deploying += state == v1::Deployment::STATE_FETCHING || state == v1::Deployment::STATE_APPLYING ? 1 : 0;
  }
  return figures;
}

void Swarm::Close(std::function<void()> done) {
  for (auto& [name, member] : members_) {
    member.retry.Reset();
    member.gateway->GoOffline();
  }
  const auto until = loop_.Now() + kClosePatience;
  const auto look = [this, until, done](const auto& self) -> void {
    const bool closed = std::none_of(members_.begin(), members_.end(),
                                     [](const auto& entry) { return entry.second.gateway->closing(); });
    if (closed || loop_.Now() > until) return done();
    close_timer_ = loop_.After(kLookAgain, [self] { self(self); });
  };
  look(look);
}

}  // namespace motley::swarm
