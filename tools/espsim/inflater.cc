#include "tools/espsim/inflater.h"

#include <zlib.h>

#include <array>

#include "common/base/result.h"

namespace motley::espsim {

struct Inflater::State {
  State() { CHECK(inflateInit(&stream) == Z_OK); }
  ~State() { inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  z_stream stream{};
  std::vector<std::uint8_t> input;
};

Inflater::Inflater() : state_(std::make_unique<State>()) {}
Inflater::~Inflater() = default;
Inflater::Inflater(Inflater&&) noexcept = default;
Inflater& Inflater::operator=(Inflater&&) noexcept = default;

std::optional<std::vector<std::uint8_t>> Inflater::Push(std::span<const std::uint8_t> piece) {
  state_->input.assign(piece.begin(), piece.end());  // zlib's input is not const
  z_stream& stream = state_->stream;
  stream.next_in = state_->input.data();
  stream.avail_in = static_cast<uInt>(state_->input.size());
  std::vector<std::uint8_t> content;
  std::array<std::uint8_t, 4096> room;
  do {
    stream.next_out = room.data();
    stream.avail_out = room.size();
    const int status = inflate(&stream, Z_SYNC_FLUSH);
    if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR) return std::nullopt;
    content.insert(content.end(), room.begin(), room.end() - static_cast<std::ptrdiff_t>(stream.avail_out));
    if (status == Z_STREAM_END && stream.avail_in > 0) return std::nullopt;
  } while (stream.avail_out == 0);
  return content;
}

}  // namespace motley::espsim
