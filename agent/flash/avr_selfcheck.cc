#include "agent/flash/avr_selfcheck.h"

#include <algorithm>
#include <array>

#include "common/base/result.h"

namespace motley::agent {
namespace {

constexpr std::size_t kProgramBytes = 128;
constexpr std::uint32_t kHz = 16'000'000;

/// The instructions, as words. The last two of the 128 bytes are the number of blocks and the UART's divisor.
constexpr std::array<std::uint16_t, 61> kProgram = {
    0x2411,                  //         clr r1
    0xBE14,                  //         out MCUSR, r1          ; else a watchdog reset keeps the watchdog on
    0xE108, 0x9300, 0x0060,  //         WDTCSR = WDCE | WDE
    0x9210, 0x0060,          //         WDTCSR = 0
    0xE7EE, 0x27FF,          //         Z = 126
    0x9115,                  //         lpm r17, Z+            ; blocks
    0x9104,                  //         lpm r16, Z             ; divisor
    0x9300, 0x00C4,          //         UBRR0L = r16
    0xE002, 0x9300, 0x00C0,  //         UCSR0A = U2X0
    0xE008, 0x9300, 0x00C1,  //         UCSR0B = TXEN0
    0xEEAD, 0xEBB8,          //         the polynomial 0xEDB88320
    0xE8C3, 0xE2D0,          //
    0x27EE,                  //         Z = 0
    0xEF2F, 0xEF3F, 0x01A9,  // block:  r21:r18 = 0xFFFFFFFF
    0x9105,                  // byte:   lpm r16, Z+
    0x2720,                  //         eor r18, r16
    0xE068,                  //         ldi r22, 8
    0x9556, 0x9547,          // bit:    r21:r18 >>= 1
    0x9537, 0x9527,          //
    0xF420,                  //         brcc zero
    0x275A, 0x274B,          //         r21:r18 ^= polynomial
    0x273C, 0x272D,          //
    0x956A, 0xF7A9,          // zero:   until eight bits are done: bit
    0x23EE, 0xF781,          //         until the low byte of Z is 0: byte
    0x2F02, 0xD009,          //         send r18
    0x2F03, 0xD007,          //         send r19
    0x2F04, 0xD005,          //         send r20
    0x2F05, 0xD003,          //         send r21
    0x951A, 0xF719,          //         until all blocks are done: block
    0xCFFF,                  // end:    rjmp end
    0x9160, 0x00C0,          // send:   lds r22, UCSR0A
    0xFF65, 0xCFFC,          //         until UDRE0: send
    0x9300, 0x00C6,          //         UDR0 = r16
    0x9508,                  //         ret
};
static_assert(2 * kProgram.size() <= kProgramBytes - 2);

std::uint32_t Checksum(std::span<const std::uint8_t> block) {
  std::uint32_t checksum = 0xFFFF'FFFF;
  for (const std::uint8_t byte : block) {
    checksum ^= byte;
    for (int bit = 0; bit < 8; ++bit) checksum = checksum >> 1 ^ (checksum & 1 ? 0xEDB8'8320 : 0);
  }
  return checksum;
}

}  // namespace

void PutSelfCheck(std::span<std::uint8_t> program, std::size_t blocks, const BoardType& board) {
  CHECK(blocks > 0 && blocks <= kMaxSelfCheckBlocks && board.page_bytes >= kProgramBytes);
  const auto page = program.first(board.page_bytes);
  std::fill(page.begin(), page.end(), std::uint8_t{0xFF});
  for (std::size_t i = 0; i < kProgram.size(); ++i) {
    page[2 * i] = static_cast<std::uint8_t>(kProgram[i]);
    page[2 * i + 1] = static_cast<std::uint8_t>(kProgram[i] >> 8);
  }
  const std::uint32_t baud = board.bauds.front();
  page[kProgramBytes - 2] = static_cast<std::uint8_t>(blocks);
  page[kProgramBytes - 1] = static_cast<std::uint8_t>((kHz + 4 * baud) / (8 * baud) - 1);
}

std::vector<std::uint8_t> SelfCheckAnswer(std::span<const std::uint8_t> content) {
  std::vector<std::uint8_t> answer;
  for (std::size_t at = 0; at < content.size(); at += kSelfCheckBlock) {
    const std::uint32_t checksum = Checksum(content.subspan(at, kSelfCheckBlock));
    for (int shift = 0; shift < 32; shift += 8) answer.push_back(static_cast<std::uint8_t>(checksum >> shift));
  }
  return answer;
}

}  // namespace motley::agent
