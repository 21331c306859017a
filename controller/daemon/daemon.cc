#include "controller/daemon/daemon.h"

#include <fmt/format.h>

#include <utility>

#include "common/files/files.h"
#include "common/log/log.h"
#include "controller/api/admin_token.h"
#include "controller/api/api.h"
#include "controller/api/http_server.h"
#include "controller/api/received_file.h"
#include "controller/daemon/local_core.h"
#include "controller/dispatch/retention.h"
#include "controller/housekeeping/housekeeper.h"

namespace motley::controller {
namespace {

constexpr std::chrono::seconds kStopPatience{5};

class WholeDaemon final : public Daemon {
 public:
  WholeDaemon(EventLoop& loop, const Config& config) : loop_(loop), config_(config) {}

  Result<void> Start() {
    const std::string& state = config_.state_folder;
    TRY(TakeFolder());
    TRY_ASSIGN(const std::string token, LoadAdminToken(state));
    TRY_ASSIGN(store_, Store::Open(state + "/controller.db").While("open the database"));
    TRY_ASSIGN(catalog_, Catalog::Create(loop_, *store_, state + "/artifacts"));
    TRY(RemoveLeftovers(catalog_->incoming_folder()));
    Registry::Options registry;
    registry.fleet = config_.fleet;
    registry.broker_url = config_.public_broker_url;
    TRY_ASSIGN(registry_, Registry::Create(loop_, *store_, registry));
    TRY_ASSIGN(secrets_, Secrets::Create(loop_, *store_, *registry_));
    TRY_ASSIGN(rollout_, Rollout::Create(loop_, *store_, *catalog_, *registry_, *secrets_));
    TRY(StartDispatch());
    retention_ = std::make_unique<Retention>(loop_, *store_, config_.telemetry_retention);
    StartHousekeeping();
    core_ = std::make_unique<LocalCore>(loop_, *catalog_, *registry_, *secrets_, *rollout_, *dispatch_, *housekeeper_);
    Api::Options api;
    api.admin_token = token;
    api.admin_token_file = state + "/admin.token";
    api.artifact_limit_bytes = config_.artifact_limit_bytes;
    api_ = std::make_unique<Api>(loop_, *core_, api);
    return Listen();
  }

  std::string url() const override { return server_->url(); }

  void Stop() override {
    server_->Stop(kStopPatience);
    dispatch_->Close();
    LogInfo("stopped");
  }

 private:
  Result<void> TakeFolder() {
    TRY(MakeFolder(config_.state_folder, 0700).While("state folder (--state names another)"));
    auto lock = LockFolder(config_.state_folder);
    // Who holds it is said already; anything else means that the folder is of no use to this user.
    if (!lock && lock.error().code != Code::kConflict)
      return lock.error().While("state folder (--state names another)");
    TRY_ASSIGN(lock_, std::move(lock));
    return {};
  }

  Result<void> StartDispatch() {
    MqttOptions broker;
    broker.url = config_.broker_url;
    broker.user = config_.broker_user;
    broker.password = config_.broker_password;
    broker.ca_file = config_.broker_ca_file;
    const auto make_link = [this](MqttOptions options, MqttListener& listener) {
      return MqttLink::Create(loop_, std::move(options), listener);
    };
    TRY_ASSIGN(dispatch_, Dispatch::Create(loop_, *store_, *registry_, broker, make_link));
    return {};
  }

  void StartHousekeeping() {
    HousekeepingOptions options;
    options.every = config_.housekeeping_every;
    options.artifact_grace = config_.artifact_grace;
    options.releases_kept = config_.releases_kept;
    options.plans = {config_.plan_retention, config_.plans_kept};
    housekeeper_ = std::make_unique<Housekeeper>(loop_, *store_, *catalog_, *registry_, *rollout_, options);
  }

  Result<void> Listen() {
    HttpServerOptions options;
    options.address = config_.listen_address;
    options.port = config_.listen_port;
    options.certificate_file = config_.certificate_file;
    options.key_file = config_.key_file;
    TRY_ASSIGN(server_, HttpServer::Start(loop_, *api_, options));
    const std::string place = fmt::format("{{\"url\": \"{}\"}}\n", server_->url());
    TRY(WriteFileAtomically(config_.state_folder + "/controller.json", place, 0644));
    LogInfo("motley-controller {} serves fleet \"{}\" at {}, state in {}", MOTLEY_VERSION, config_.fleet,
            server_->url(), config_.state_folder);
    return {};
  }

  EventLoop& loop_;
  const Config config_;
  // In the order in which they need each other: the server goes first and the lock last.
  UniqueFd lock_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Registry> registry_;
  std::unique_ptr<Secrets> secrets_;
  std::unique_ptr<Rollout> rollout_;
  std::unique_ptr<Dispatch> dispatch_;
  std::unique_ptr<Retention> retention_;
  std::unique_ptr<Housekeeper> housekeeper_;
  std::unique_ptr<LocalCore> core_;
  std::unique_ptr<Api> api_;
  std::unique_ptr<HttpServer> server_;
};

}  // namespace

Result<std::unique_ptr<Daemon>> Daemon::Create(EventLoop& loop, const Config& config) {
  auto daemon = std::make_unique<WholeDaemon>(loop, config);
  TRY(daemon->Start());
  return std::unique_ptr<Daemon>(std::move(daemon));
}

}  // namespace motley::controller
