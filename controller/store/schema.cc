#include "controller/store/schema.h"

#include <array>

namespace motley::controller {
namespace {

// What changes often (desired, reported, presence, positions of queues) stands in narrow tables of its own, so that an
// update does not rewrite the rest. Points are clustered by series, so that a query reads what it returns.
constexpr std::array<std::string_view, 6> kMigrations{R"sql(
CREATE TABLE gateway (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  created_us INTEGER NOT NULL,
  enrolled_us INTEGER,
  credential_digest TEXT UNIQUE,
  enrolled_context BLOB,
  revision_floor INTEGER NOT NULL
);
CREATE TABLE tag (
  gateway INTEGER NOT NULL REFERENCES gateway ON DELETE CASCADE,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (gateway, name)
) WITHOUT ROWID;
CREATE TABLE token (
  digest TEXT PRIMARY KEY,
  gateway INTEGER NOT NULL REFERENCES gateway ON DELETE CASCADE,
  expires_us INTEGER NOT NULL,
  used_us INTEGER NOT NULL,
  credential_digest TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX token_of_gateway ON token (gateway);
CREATE TABLE desired (
  gateway INTEGER PRIMARY KEY REFERENCES gateway ON DELETE CASCADE,
  revision INTEGER NOT NULL,
  state BLOB NOT NULL
);
CREATE TABLE presence (
  gateway INTEGER PRIMARY KEY REFERENCES gateway ON DELETE CASCADE,
  online INTEGER NOT NULL,
  since_us INTEGER NOT NULL
);
CREATE TABLE reported (
  gateway INTEGER PRIMARY KEY REFERENCES gateway ON DELETE CASCADE,
  epoch TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  reported_us INTEGER NOT NULL,
  summary BLOB NOT NULL,
  state BLOB NOT NULL
);
CREATE TABLE epoch (
  gateway INTEGER NOT NULL REFERENCES gateway ON DELETE CASCADE,
  epoch TEXT NOT NULL,
  telemetry_sequence INTEGER NOT NULL,
  dropped INTEGER NOT NULL,
  used_us INTEGER NOT NULL,
  PRIMARY KEY (gateway, epoch)
) WITHOUT ROWID;
CREATE TABLE retired (
  id TEXT PRIMARY KEY,
  last_revision INTEGER NOT NULL,
  removed_us INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE artifact (
  digest TEXT PRIMARY KEY,
  size_bytes INTEGER NOT NULL,
  name TEXT NOT NULL,
  created_us INTEGER NOT NULL
);
CREATE TABLE release (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  application TEXT NOT NULL,
  version TEXT NOT NULL,
  content_digest TEXT NOT NULL,
  summary BLOB NOT NULL,
  content BLOB NOT NULL,
  UNIQUE (application, version)
);
CREATE TABLE bundle (
  release INTEGER NOT NULL REFERENCES release,
  position INTEGER NOT NULL,
  digest TEXT NOT NULL REFERENCES artifact,
  PRIMARY KEY (release, position)
) WITHOUT ROWID;
CREATE TABLE plan (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  state INTEGER NOT NULL,
  content BLOB NOT NULL
);
CREATE TABLE assignment (
  plan INTEGER NOT NULL REFERENCES plan ON DELETE CASCADE,
  gateway TEXT NOT NULL,
  gateway_number INTEGER NOT NULL,
  variant TEXT NOT NULL,
  reason TEXT NOT NULL,
  previous TEXT NOT NULL,
  PRIMARY KEY (plan, gateway)
) WITHOUT ROWID;

CREATE TABLE series (
  id INTEGER PRIMARY KEY,
  gateway INTEGER NOT NULL,
  kind INTEGER NOT NULL,
  source TEXT NOT NULL,
  metric TEXT NOT NULL,
  UNIQUE (gateway, kind, source, metric)
);
CREATE TABLE point (
  series INTEGER NOT NULL,
  id INTEGER NOT NULL,
  time_us INTEGER NOT NULL,
  severity INTEGER NOT NULL,
  value NOT NULL,
  PRIMARY KEY (series, id)
) WITHOUT ROWID;
CREATE INDEX point_by_time ON point (series, time_us);
CREATE TABLE next_point (only INTEGER PRIMARY KEY CHECK (only = 1), id INTEGER NOT NULL);
INSERT INTO next_point VALUES (1, 1);
CREATE TABLE telemetry_mark (marked_us INTEGER PRIMARY KEY, point INTEGER NOT NULL);
)sql",
                                                      R"sql(
ALTER TABLE artifact ADD COLUMN pushed INTEGER NOT NULL DEFAULT 1;
UPDATE artifact SET pushed = 0 WHERE digest IN (SELECT digest FROM bundle);
ALTER TABLE retired ADD COLUMN cleared INTEGER NOT NULL DEFAULT 0;
)sql",
                                                      R"sql(
CREATE TABLE secret (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  version TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  gateway TEXT NOT NULL,
  set_us INTEGER NOT NULL,
  value BLOB NOT NULL
);
)sql",
                                                      R"sql(
CREATE TABLE safe_mode (
  gateway INTEGER NOT NULL REFERENCES gateway ON DELETE CASCADE,
  application TEXT NOT NULL,
  version TEXT NOT NULL,
  variant TEXT NOT NULL,
  PRIMARY KEY (gateway, application)
) WITHOUT ROWID;
)sql",
                                                      R"sql(
CREATE TABLE template (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  summary BLOB NOT NULL,
  content BLOB NOT NULL,
  UNIQUE (name, version)
);
CREATE TABLE variant (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  template INTEGER NOT NULL REFERENCES template,
  summary BLOB NOT NULL,
  content BLOB NOT NULL,
  UNIQUE (name, version)
);
CREATE TABLE release_template (
  release INTEGER NOT NULL REFERENCES release,
  template INTEGER NOT NULL REFERENCES template,
  PRIMARY KEY (release, template)
) WITHOUT ROWID;
CREATE INDEX release_of_template ON release_template (template);
CREATE TABLE release_variant (
  release INTEGER NOT NULL REFERENCES release,
  variant INTEGER NOT NULL REFERENCES variant,
  PRIMARY KEY (release, variant)
) WITHOUT ROWID;
CREATE INDEX release_of_variant ON release_variant (variant);
)sql",
                                                      R"sql(
ALTER TABLE artifact ADD COLUMN used_us INTEGER NOT NULL DEFAULT 0;
UPDATE artifact SET used_us = CAST(strftime('%s', 'now') AS INTEGER) * 1000000;
ALTER TABLE release ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE template ADD COLUMN indexed INTEGER NOT NULL DEFAULT 0;
CREATE TABLE release_artifact (
  release INTEGER NOT NULL REFERENCES release ON DELETE CASCADE,
  digest TEXT NOT NULL REFERENCES artifact,
  PRIMARY KEY (release, digest)
) WITHOUT ROWID;
CREATE INDEX release_of_artifact ON release_artifact (digest);
CREATE TABLE template_artifact (
  template INTEGER NOT NULL REFERENCES template ON DELETE CASCADE,
  digest TEXT NOT NULL REFERENCES artifact,
  PRIMARY KEY (template, digest)
) WITHOUT ROWID;
CREATE INDEX template_of_artifact ON template_artifact (digest);
CREATE INDEX release_of_bundle ON bundle (digest);
CREATE INDEX variant_of_template ON variant (template);
CREATE INDEX plan_by_state ON plan (state);
CREATE TABLE deleted (
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  version TEXT NOT NULL,
  content_digest TEXT NOT NULL,
  PRIMARY KEY (kind, name, version)
) WITHOUT ROWID;
)sql"};

}  // namespace

std::span<const std::string_view> Migrations() { return kMigrations; }

}  // namespace motley::controller
