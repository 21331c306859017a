#pragma once

#include <map>
#include <string>
#include <vector>

namespace motley::agent {

/// An executable in a plugin folder.
struct PluginFile {
  std::string path;
  /// Other after every change of the file.
  std::string identity;
  /// Why it is not run: its owner, its mode, ...; empty: it is good.
  std::string problem;
};

/// The plugins in `folders` by name: the file's name without extension. Of two folders that have one, the first counts.
/// A file that somebody else than root and the agent's user could have written is named with its problem, and so are
/// all files of a folder of which that is true. A folder that is not there has none. Takes about 10 us a file.
std::map<std::string, PluginFile> ScanPluginFolders(const std::vector<std::string>& folders);

}  // namespace motley::agent
