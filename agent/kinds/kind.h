#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/base/result.h"
#include "motley/v1/model.pb.h"
#include "motley/v1/reported.pb.h"

namespace motley::agent {

/// One component of one application, as it should be on this gateway.
struct Instance {
  std::string application;
  /// With the values of secrets in it: never to be printed, logged or reported.
  v1::Component component;
  /// What it stands on in the end; unset for the gateway itself. With the values of secrets, too.
  v1::Host host;
  /// The ssh host on which `host`, a container engine, runs, if it is not the gateway's.
  std::optional<v1::Host> engine_host;
  /// The component that carries it, if it does not stand on the host itself.
  std::optional<v1::Component> carrier;
  /// Identity of all that matters about it (DigestsOf); another digest is another version.
  std::string digest;
  /// Keys of the components of its application that must be up before it.
  std::vector<std::string> needs;

  /// "application/component": what stays the same from version to version.
  std::string Key() const { return application + "/" + component.name(); }
};

/// What is really there where an instance should be.
struct Observed {
  enum class Match {
    kMissing,  ///< Nothing of this component.
    kDiffers,  ///< Another version, a part, or something broken.
    kMatches,  ///< Exactly this instance.
    kUnknown,  ///< Can not be looked at now: the board is unplugged, say.
  };
  Match match = Match::kMissing;
  v1::ReportedComponent::State state = v1::ReportedComponent::STATE_MISSING;
  /// One sentence for people.
  std::string detail;
  std::uint32_t restarts = 0;
  /// Of the running program, 0 if none.
  std::uint32_t pid = 0;
};

/// One way in which components run. The engine decides what is to be done; a kind does it.
///
/// Loop thread only. Each call returns at once; the work is done on a worker of the kind (blocking, with a deadline on
/// everything), and `done` is called later on the loop, once. The engine has one call at a time under way for each key,
/// and any number for different keys. Every operation may have been cut off by a power failure at any point before, and
/// must lead to the right end from whatever it finds: calling it again is always safe.
class Kind {
 public:
  virtual ~Kind() = default;

  /// A deployment is about to be checked: looks anew for what may have come to this gateway since, and then calls
  /// `done`, perhaps from within this call.
  virtual void Prepare(std::function<void()> done) { done(); }

  /// Whether an instance can be carried out here at all, before anything is touched: the board type is known, the image
  /// fits it. Its artifacts are in the local store. May block for a few ms.
  /// Errors: kInvalid, kNotFound, kCorrupt.
  virtual Result<void> Check(const Instance& instance) = 0;

  /// The rest of Check, where that takes longer: reads what the artifacts hold. Called when Check was good, and still
  /// before anything is touched; `done` perhaps from within this call. Changes nothing, so that it may be called beside
  /// others for the same key. Errors: as Check; kUnavailable, kTimeout.
  virtual void Inspect(const Instance&, std::function<void(Result<void>)> done) { done({}); }

  /// Compares what is there with `instance`; for a key that should go, with the last instance of it.
  virtual void Observe(const Instance& instance, std::function<void(Observed)> done) = 0;

  /// Makes it so, replacing whatever version of the same key is there.
  virtual void Apply(const Instance& instance, std::function<void(Result<void>)> done) = 0;

  /// Waits until it has proven that it works, or says why it does not. Called after Apply.
  virtual void Confirm(const Instance& instance, std::function<void(Result<void>)> done) = 0;

  /// Takes it away. Fine if it is not there.
  virtual void Remove(const Instance& instance, std::function<void(Result<void>)> done) = 0;

  /// The transaction that applied or removed instances is final: what was only kept to undo it may go.
  virtual void Commit() {}
};

/// The local file of an artifact, by its digest. Any thread.
using ArtifactPath = std::function<std::string(const std::string& digest)>;

}  // namespace motley::agent
