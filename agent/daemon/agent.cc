#include "agent/daemon/agent.h"

#include <algorithm>
#include <filesystem>

#include "agent/context/context.h"
#include "agent/daemon/enrol.h"
#include "agent/kinds/component_logs.h"
#include "common/log/log.h"

namespace motley::agent {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLongestEnrolPause{30'000};
constexpr std::size_t kDefaultLogLines = 200;
constexpr std::size_t kMaxLogLines = 10'000;

std::string ProgramBesideThis(const std::string& name) {
  std::error_code error;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
  return (self.parent_path() / name).string();
}

/// Null where boards are found by scanning alone.
std::unique_ptr<Hotplug> OpenHotplug() {
  auto hotplug = CreateUdevHotplug();
  if (hotplug) return *std::move(hotplug);
  LogWarning("{}", hotplug.error().message);
  return nullptr;
}

}  // namespace

Result<std::unique_ptr<Agent>> Agent::Create(EventLoop& loop, Config config) {
  TRY(MakeFolder(config.state_folder, 0700).While("state folder"));
  TRY_ASSIGN(UniqueFd lock, LockFolder(config.state_folder));
  TRY_ASSIGN(auto store, Store::Open(config.state_folder + "/agent.db", config.reserve_bytes));
  TRY_ASSIGN(ArtifactStore artifacts, ArtifactStore::Open(config.state_folder + "/artifacts"));
  ContextOverrides overrides;
  TRY_ASSIGN(BoardCatalogue catalogue, BoardCatalogue::Load(config.boards_folder));
  for (const auto& [name, value] : config.context) TRY(ParseContextOverride(name + "=" + value, &overrides));
  std::unique_ptr<Agent> agent(new Agent(loop, std::move(config), std::move(lock), std::move(store),
                                         std::move(artifacts), std::move(catalogue)));
  agent->own_context_ = DiscoverContext({.root = "", .state_folder = agent->config_.state_folder}, overrides);
  return agent;
}

Agent::Agent(EventLoop& loop, Config config, UniqueFd lock, std::unique_ptr<Store> store, ArtifactStore artifacts,
             BoardCatalogue catalogue)
    : loop_(loop),
      config_(std::move(config)),
      lock_(std::move(lock)),
      store_(std::move(store)),
      artifacts_(std::move(artifacts)),
      catalogue_(std::move(catalogue)),
      serial_(CreateSerialSystem()),
      hotplug_(OpenHotplug()),
      sampler_("", config_.state_folder),
      devices_(loop, *serial_, catalogue_,
               {.boards_changed = [] {},
                .changed =
                    [this] {
                      if (uplink_) uplink_->ReportChanged();
                    },
                .line = [this](const std::string& device, const std::string& line) { DeviceLine(device, line); },
                .plugged =
                    [this](const std::string& device, const std::string& board, const std::string& port, bool came) {
                      Happened(came ? v1::Event::SEVERITY_INFO : v1::Event::SEVERITY_WARNING, "device:" + device,
                               board + (came ? " is plugged in at " : " is unplugged from ") + port);
                    },
                .reading = [this](const std::string& device, const std::string& metric,
                                  double value) { DeviceReading(device, metric, value); },
                .trouble =
                    [this](const std::string& device, const std::string& text) {
                      Happened(v1::Event::SEVERITY_WARNING, "device:" + device, text);
                    }},
               {.hotplug = hotplug_.get()}),
      enroller_(loop, "enrol") {}

Agent::~Agent() = default;

void Agent::Fail(Error error) {
  failure_ = std::move(error);
  loop_.Stop();
}

void Agent::Start() {
  // Boards first: they are part of the context, and a deployment that was cut off may need them.
  devices_.Start([this] {
    auto identity = store_->LoadIdentity();
    if (!identity) return Fail(identity.error());
    if (!*identity) return TryToEnrol();
    if (!config_.token.empty()) LogInfo("enrolled already as {}: the token is not used", (*identity)->gateway);
    Run(**identity);
  });
}

void Agent::TryToEnrol() {
  auto secret = store_->EnrolmentSecret();
  if (!secret) return Fail(std::move(secret).error());
  enroller_.Run([this, context = Context(), secret = *secret] { return Enrol(config_, context, secret); },
                [this](Result<Identity> identity) {
                  if (identity) {
                    if (auto saved = store_->SaveIdentity(*identity); !saved) return Fail(std::move(saved).error());
                    LogInfo("enrolled as gateway {} of fleet {}", identity->gateway, identity->fleet);
                    return Run(*std::move(identity));
                  }
                  if (!IsTemporary(identity.error())) return Fail(std::move(identity).error());
                  if (enrol_pause_ == milliseconds(500)) {
                    LogWarning("{}; trying again until it works", identity.error().message);
                  }
                  timer_ = loop_.After(enrol_pause_, [this] { TryToEnrol(); });
                  enrol_pause_ = std::min(enrol_pause_ * 2, kLongestEnrolPause);
                });
}

void Agent::Run(Identity identity) {
  if (!config_.broker_url.empty()) identity.broker_url = config_.broker_url;
  if (!config_.controller_url.empty()) identity.controller_url = config_.controller_url;
  if (auto made = MakeEngine(identity); !made) return Fail(std::move(made).error());
  if (auto connected = Connect(identity); !connected) return Fail(std::move(connected).error());
  if (auto started = engine_->Start(); !started) return Fail(std::move(started).error());
  LogInfo("gateway {} is ready", identity.gateway);
  Sample();
}

Result<void> Agent::MakeEngine(const Identity& identity) {
  const ArtifactPath artifact = [this](const std::string& digest) { return artifacts_.PathOf(digest); };
  const auto changed = [this] {
    if (uplink_) uplink_->ReportChanged();
  };
  const SshClient ssh(config_.state_folder + "/ssh");
  const KindSetup setup{.state_folder = config_.state_folder,
                        .gateway = identity.gateway,
                        .supervise = ProgramBesideThis("motley-supervise"),
                        .unpack = ProgramBesideThis("motley-unpack"),
                        .artifact = artifact};
  kinds_ = std::make_unique<KindSet>(loop_, devices_, setup, ssh, config_.container_engine, changed);
  HttpClientOptions http;
  http.base_url = identity.controller_url;
  http.bearer_token = identity.secret;
  http.ca_file = config_.ca_file;
  TRY_ASSIGN(device_orders_, DeviceOrders::Create(loop_, devices_, config_.state_folder + "/device-images", http));
  fetcher_ = std::make_unique<HttpFetcher>(loop_, artifacts_, http);
  secret_fetcher_ = std::make_unique<HttpSecretFetcher>(loop_, http);
  provision_ = std::make_unique<Provision>(*store_, artifacts_, *fetcher_, *secret_fetcher_);
  health_ = std::make_unique<Health>(loop_, artifact, config_.state_folder + "/health", ssh);
  EngineEvents events;
  events.changed = changed;
  events.happened = [this](v1::Event::Severity severity, const std::string& source, const std::string& text) {
    Happened(severity, source, text);
  };
  engine_ = std::make_unique<Engine>(loop_, *store_, *provision_, kinds_->kinds(), *health_, std::move(events),
                                     Engine::Options{config_.drift_interval});
  return {};
}

Result<void> Agent::Connect(const Identity& identity) {
  UplinkHandlers handlers;
  handlers.desired = [this](const v1::DesiredState& desired) {
    if (auto accepted = engine_->Accept(desired); !accepted) {
      LogError("desired state {} can not be stored: {}", desired.revision(), accepted.error().message);
    }
  };
  handlers.retry = [this] { engine_->Retry(); };
  handlers.logs = [this](const v1::FetchLogs& fetch) -> Result<std::vector<v1::LogLine>> {
    const std::size_t lines =
        fetch.lines() == 0 ? kDefaultLogLines : std::min<std::size_t>(fetch.lines(), kMaxLogLines);
    return ReadComponentLogs(config_.state_folder, fetch.component(), lines);
  };
  handlers.device = [this](const v1::Command& command, DeviceOrders::Done done) {
    OrderDevice(command, std::move(done));
  };
  handlers.report = [this](v1::ReportedState& report) { Report(report); };
  Uplink::Options options;
  options.identity = identity;
  options.outbox.gateway = identity.gateway;
  options.outbox.collect = config_.telemetry_interval;
  options.outbox.limit_bytes = config_.queue_bytes;
  options.ca_file = config_.ca_file;
  TRY_ASSIGN(uplink_, Uplink::Create(loop_, *store_, std::move(options), std::move(handlers)));
  return {};
}

void Agent::OrderDevice(const v1::Command& command, DeviceOrders::Done done) {
  if (command.has_flash_device()) {
    device_orders_->Flash(command.flash_device(), std::move(done));
  } else {
    device_orders_->Reset(command.reset_device().device(), std::move(done));
  }
}

v1::Context Agent::Context() const {
  v1::Context context = own_context_;
  for (v1::Board& board : devices_.Boards()) *context.add_boards() = std::move(board);
  if (kinds_) kinds_->Describe(context);
  return context;
}

void Agent::Report(v1::ReportedState& report) const {
  report.set_agent_version(MOTLEY_VERSION);
  *report.mutable_context() = Context();
  for (v1::ReportedDevice& device : devices_.Report()) *report.add_devices() = std::move(device);
  engine_->Report(report);
}

void Agent::Sample() {
  std::vector<MeasuredProgram> programs;
  for (const RunningProgram& program : engine_->Programs()) {
    programs.push_back({program.source, static_cast<pid_t>(program.pid), program.restarts});
  }
  const auto now_ms = std::chrono::duration_cast<milliseconds>(loop_.Now().time_since_epoch()).count();
  for (v1::Sample& sample : sampler_.Measure(WallMicros(loop_), now_ms, programs)) {
    uplink_->outbox().Add(std::move(sample));
  }
  timer_ = loop_.After(config_.telemetry_interval, [this] { Sample(); });
}

void Agent::DeviceLine(const std::string& device, const std::string& line) {
  if (!uplink_) return;
  v1::DeviceLine entry;
  entry.set_time_us(WallMicros(loop_));
  entry.set_device(device);
  entry.set_text(line);
  uplink_->outbox().Add(std::move(entry));
}

void Agent::DeviceReading(const std::string& device, const std::string& metric, double value) {
  if (!uplink_) return;
  v1::Sample sample;
  sample.set_time_us(WallMicros(loop_));
  sample.set_source("device:" + device);
  sample.set_metric(metric);
  sample.set_value(value);
  uplink_->outbox().Add(std::move(sample));
}

void Agent::Happened(v1::Event::Severity severity, const std::string& source, const std::string& text) {
  if (!uplink_) return;
  v1::Event event;
  event.set_time_us(WallMicros(loop_));
  event.set_severity(severity);
  event.set_source(source);
  event.set_text(text);
  uplink_->outbox().Add(std::move(event));
}

void Agent::Close() {
  if (uplink_) uplink_->Close();
}

}  // namespace motley::agent
