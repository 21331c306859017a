#include "agent/daemon/kind_set.h"

#include "agent/kinds/archive.h"
#include "agent/kinds/file.h"
#include "agent/kinds/firmware.h"
#include "agent/kinds/process.h"
#include "agent/kinds/script.h"
#include "agent/reconcile/bounded_kind.h"

namespace motley::agent {

KindSet::KindSet(Loop& loop, Devices& devices, const KindSetup& setup, const SshClient& ssh,
                 std::function<void()> changed)
    : loop_(loop), changed_(std::move(changed)), worker_(loop, "engine") {
  (void)ssh;
  Add("process", std::make_unique<ProcessKind>(loop, setup));
  Add("file", std::make_unique<FileKind>(loop, setup));
  Add("script", std::make_unique<ScriptKind>(loop, setup));
  Add("firmware", std::make_unique<FirmwareKind>(loop, devices, setup.state_folder, setup.artifact));
  Add("archive", std::make_unique<ArchiveKind>(loop, setup, ArchiveOptions()));
}

void KindSet::Add(const std::string& name, std::unique_ptr<Kind> kind) {
  kinds_[name] = std::make_unique<BoundedKind>(loop_, std::move(kind), KindBounds());
}

void KindSet::Describe(v1::Context& context) const {
  for (const auto& [name, kind] : kinds_) context.add_kinds(name);
  context.set_container_engine(container_engine_);
}

}  // namespace motley::agent
