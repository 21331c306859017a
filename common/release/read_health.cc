#include "common/release/read_model.h"

namespace motley {
namespace {

using Setter = Reader::Setter;

constexpr std::int64_t kMaxRetries = 1000;

/// The key that says how it is looked: a health check looks in one way.
Setter Check(Reader& reader, v1::HealthCheck& health, Setter setter) {
  return [&reader, &health, setter](const YAML::Node& node, const std::string& what) -> Result<void> {
    if (health.check_case() != v1::HealthCheck::CHECK_NOT_SET) {
      return reader.At(node, what + ": there is another check already; keep one of http, tcp and script");
    }
    return setter(node, what);
  };
}

Setter Http(Reader& reader, v1::HealthCheck& health) {
  return [&reader, &health](const YAML::Node& node, const std::string& what) {
    v1::HttpCheck& http = *health.mutable_http();
    const Setter url = reader.String([&] { return http.mutable_url(); });
    if (!node.IsMap()) return url(node, what);
    return reader.Keys(
        node, what,
        {{"url", url},
         {"status", reader.Whole<std::uint32_t>([&](auto status) { http.set_status(status); }, 100, 599)}});
  };
}

Setter Tcp(Reader& reader, v1::HealthCheck& health) {
  return [&reader, &health](const YAML::Node& node, const std::string& what) {
    v1::TcpCheck& tcp = *health.mutable_tcp();
    const Setter port = reader.PortNumber([&](std::uint32_t number) { tcp.set_port(number); });
    if (!node.IsMap()) return port(node, what);
    return reader.Keys(node, what, {{"address", reader.String([&] { return tcp.mutable_address(); })}, {"port", port}});
  };
}

Setter Script(Reader& reader, v1::HealthCheck& health) {
  return [&reader, &health](const YAML::Node& node, const std::string& what) {
    v1::ScriptCheck& script = *health.mutable_script();
    const Setter content = reader.String([&] { return script.mutable_content(); });
    if (!node.IsMap()) return content(node, what);
    const auto taken = [&script] { return script.source_case() != v1::ScriptCheck::SOURCE_NOT_SET; };
    return reader.Keys(
        node, what,
        {{"content", reader.OneSource(taken, content)},
         {"artifact", reader.OneSource(taken, reader.Artifact([&] { return script.mutable_artifact(); }))},
         {"endpoint", reader.String([&] { return script.mutable_endpoint(); })}});
  };
}

}  // namespace

Setter Health(Reader& reader, std::function<v1::HealthCheck*()> field) {
  return [&reader, field](const YAML::Node& node, const std::string& what) {
    v1::HealthCheck& health = *field();
    return reader.Keys(
        node, what,
        {{"http", Check(reader, health, Http(reader, health))},
         {"tcp", Check(reader, health, Tcp(reader, health))},
         {"script", Check(reader, health, Script(reader, health))},
         {"start_period_ms", reader.Milliseconds([&](auto ms) { health.set_start_period_ms(ms); })},
         {"interval_ms", reader.Milliseconds([&](auto ms) { health.set_interval_ms(ms); })},
         {"timeout_ms", reader.Milliseconds([&](auto ms) { health.set_timeout_ms(ms); })},
         {"retries", reader.Whole<std::uint32_t>([&](auto retries) { health.set_retries(retries); }, 1, kMaxRetries)}});
  };
}

}  // namespace motley
