#pragma once

#include <archive.h>
#include <archive_entry.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace motley::tests {

/// One entry of an archive, however bad.
struct TarEntry {
  std::string path;
  std::string content;
  unsigned type = AE_IFREG;
  unsigned mode = 0644;
  /// Of a symbolic link.
  std::string target;
  /// Of a hard link.
  std::string hard_target;
};

/// Writes a tar archive with exactly these entries.
inline void WriteTar(const std::string& path, const std::vector<TarEntry>& entries) {
  archive* written = archive_write_new();
  archive_write_set_format_pax_restricted(written);
  ASSERT_EQ(archive_write_open_filename(written, path.c_str()), ARCHIVE_OK);
  for (const auto& entry : entries) {
    archive_entry* header = archive_entry_new();
    archive_entry_set_pathname(header, entry.path.c_str());
    archive_entry_set_filetype(header, entry.type);
    archive_entry_set_perm(header, entry.mode);
    archive_entry_set_mtime(header, 1'700'000'000, 0);
    if (entry.type == AE_IFREG) archive_entry_set_size(header, static_cast<la_int64_t>(entry.content.size()));
    if (!entry.target.empty()) archive_entry_set_symlink(header, entry.target.c_str());
    if (!entry.hard_target.empty()) archive_entry_set_hardlink(header, entry.hard_target.c_str());
    ASSERT_EQ(archive_write_header(written, header), ARCHIVE_OK) << archive_error_string(written);
    archive_write_data(written, entry.content.data(), entry.content.size());
    archive_entry_free(header);
  }
  ASSERT_EQ(archive_write_free(written), ARCHIVE_OK);
}

}  // namespace motley::tests
