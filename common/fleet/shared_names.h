#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <set>
#include <string>

namespace motley {

/// A set of names. As SharedCodes: what Share gives costs little, stays as it is, and may be read by another thread.
class SharedNames {
 public:
  SharedNames() = default;
  SharedNames(const SharedNames&) = delete;
  SharedNames& operator=(const SharedNames&) = delete;
  SharedNames(SharedNames&&) = default;
  SharedNames& operator=(SharedNames&&) = default;

  /// As it is now, whatever is added or removed later.
  SharedNames Share();

  /// Copies a small part of the names where what it changes is shared.
  void Insert(const std::string& name);
  void Erase(const std::string& name);
  std::size_t size() const;

  /// Calls `f(name)` for each, in no particular order.
  template <typename F>
  void ForEach(F f) const {
    for (const Part& part : parts_) {
      if (part.names == nullptr) continue;
      for (const std::string& name : *part.names) f(name);
    }
  }

 private:
  struct Part {
    /// Null: none yet.
    std::shared_ptr<std::set<std::string>> names;
    bool shared = false;
  };

  /// The part that has the name, or would have it, ready to be changed.
  std::set<std::string>& Own(const std::string& name);

  std::array<Part, 1024> parts_;
};

}  // namespace motley
