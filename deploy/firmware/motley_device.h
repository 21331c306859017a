/* What a firmware says to the gateway that it is attached to: its name and version after each start, readings, and
 * text, in frames that noise on the line can not turn into wrong values. One header, C99 or C++, without malloc;
 * about 1.3 KB of code and 60 bytes of stack.
 *
 *     #include "motley_device.h"
 *     MOTLEY_FIRMWARE("greenhouse", "1.2.0")
 *
 *     static void put(uint8_t byte) { Serial.write(byte); }
 *     void setup() {
 *       Serial.begin(115200);
 *       motley_hello(put, sensor_works() ? "ok" : "no sensor");
 *     }
 *     void loop() {
 *       motley_reading_float(put, "temperature_c", read_temperature());
 *       delay(1000);
 *     }
 *
 * A frame is 0x00, then COBS (Cheshire and Baker, 1999) over a protobuf message (motley.v1.DeviceMessage) and its
 * CRC-16 (CCITT-FALSE, most significant byte first), then 0x00. Frames may be mixed with lines of text, as printf sends
 * them.
 *
 * SPDX-License-Identifier: Apache-2.0
 */
#ifndef MOTLEY_DEVICE_H
#define MOTLEY_DEVICE_H

#include <stdint.h>
#include <string.h>

/* Sends one byte; may wait until there is room for it. */
typedef void (*motley_put)(uint8_t byte);

/* Bytes of a message, one after the other. */
struct motley_part {
  const void* bytes;
  uint16_t size;
};

static inline uint16_t motley_crc_add(uint16_t crc, uint8_t byte) {
  crc = (uint16_t)(crc ^ (uint16_t)((uint16_t)byte << 8));
  for (uint8_t bit = 0; bit < 8; ++bit) {
    crc = (uint16_t)((crc & 0x8000u) != 0 ? (uint16_t)(crc << 1) ^ 0x1021u : (uint16_t)(crc << 1));
  }
  return crc;
}

static inline uint8_t motley_byte_at(const struct motley_part* parts, uint16_t at) {
  while (at >= parts->size) {
    at = (uint16_t)(at - parts->size);
    ++parts;
  }
  return ((const uint8_t*)parts->bytes)[at];
}

/* Sends `count` parts as one frame. The last part must be two bytes, which get the CRC. */
static inline void motley_send(motley_put put, struct motley_part* parts, uint8_t count) {
  uint16_t size = 0;
  for (uint8_t i = 0; i < count; ++i) size = (uint16_t)(size + parts[i].size);
  uint16_t crc = 0xFFFF;
  for (uint16_t at = 0; at + 2 < size; ++at) crc = motley_crc_add(crc, motley_byte_at(parts, at));
  uint8_t* end = (uint8_t*)parts[count - 1].bytes;
  end[0] = (uint8_t)(crc >> 8);
  end[1] = (uint8_t)crc;

  put(0);
  uint16_t at = 0;
  while (at <= size) { /* a zero behind the end is implied */
    uint16_t run = 0;
    while (run < 254 && at + run < size && motley_byte_at(parts, (uint16_t)(at + run)) != 0) ++run;
    put((uint8_t)(run + 1));
    for (uint16_t i = 0; i < run; ++i) put(motley_byte_at(parts, (uint16_t)(at + i)));
    at = (uint16_t)(at + run + (run < 254 ? 1 : 0));
    if (run == 254 && at == size) break;
  }
  put(0);
}

static inline uint8_t motley_varint(uint32_t value, uint8_t* out) {
  uint8_t size = 0;
  while (value >= 0x80) {
    out[size++] = (uint8_t)(value | 0x80u);
    value >>= 7;
  }
  out[size++] = (uint8_t)value;
  return size;
}

static inline uint16_t motley_length(const char* text) {
  const size_t size = text == 0 ? 0 : strlen(text);
  return (uint16_t)(size > 400 ? 400 : size); /* a frame has at most 512 bytes */
}

/* Says what runs. `self_test` is "ok", or what is wrong; null or empty: there is no test. Texts of 100 bytes at most.
 */
static inline void motley_say_hello(motley_put put, const char* firmware, const char* version, const char* self_test) {
  uint8_t head[3], one[3], two[3], three[3], crc[2];
  const char* texts[3];
  uint8_t* heads[3];
  texts[0] = firmware, texts[1] = version, texts[2] = self_test;
  heads[0] = one, heads[1] = two, heads[2] = three;
  struct motley_part parts[8];
  uint16_t size = 0;
  for (uint8_t i = 0; i < 3; ++i) {
    const uint16_t length = motley_length(texts[i]);
    heads[i][0] = (uint8_t)((i + 1) << 3 | 2);
    parts[1 + 2 * i].bytes = heads[i];
    parts[1 + 2 * i].size = (uint16_t)(length == 0 ? 0 : 1 + motley_varint(length, heads[i] + 1));
    parts[2 + 2 * i].bytes = texts[i];
    parts[2 + 2 * i].size = length;
    size = (uint16_t)(size + parts[1 + 2 * i].size + length);
  }
  head[0] = 1 << 3 | 2;
  parts[0].bytes = head;
  parts[0].size = (uint16_t)(1 + motley_varint(size, head + 1));
  parts[7].bytes = crc;
  parts[7].size = 2;
  motley_send(put, parts, 8);
}

/* `value` is a field of a Reading with its tag. */
static inline void motley_send_reading(motley_put put, const char* metric, const uint8_t* value, uint8_t value_size) {
  uint8_t head[3], name[3], crc[2];
  const uint16_t length = motley_length(metric);
  struct motley_part parts[5];
  name[0] = 1 << 3 | 2;
  parts[1].bytes = name;
  parts[1].size = (uint16_t)(1 + motley_varint(length, name + 1));
  parts[2].bytes = metric;
  parts[2].size = length;
  parts[3].bytes = value;
  parts[3].size = value_size;
  head[0] = 2 << 3 | 2;
  parts[0].bytes = head;
  parts[0].size = (uint16_t)(1 + motley_varint((uint32_t)parts[1].size + length + value_size, head + 1));
  parts[4].bytes = crc;
  parts[4].size = 2;
  motley_send(put, parts, 5);
}

/* `metric` is [A-Za-z0-9_.-]{1,63} and says its unit: "temperature_c". */
static inline void motley_reading_float(motley_put put, const char* metric, float value) {
  uint8_t field[5];
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits); /* IEEE 754 single, as all compilers for these chips have it */
  field[0] = 2 << 3 | 5;
  for (uint8_t i = 0; i < 4; ++i) field[1 + i] = (uint8_t)(bits >> (8 * i));
  motley_send_reading(put, metric, field, sizeof field);
}

static inline void motley_reading_int(motley_put put, const char* metric, int32_t value) {
  uint8_t field[6];
  const uint32_t zigzag = (uint32_t)value << 1 ^ (value < 0 ? 0xFFFFFFFFu : 0u);
  field[0] = 3 << 3 | 0;
  motley_send_reading(put, metric, field, (uint8_t)(1 + motley_varint(zigzag, field + 1)));
}

/* Becomes a line of the device's log. At most 400 bytes are sent. */
static inline void motley_text(motley_put put, const char* text) {
  uint8_t head[3], crc[2];
  struct motley_part parts[3];
  head[0] = 3 << 3 | 2;
  parts[1].bytes = text;
  parts[1].size = motley_length(text);
  parts[0].bytes = head;
  parts[0].size = (uint16_t)(1 + motley_varint(parts[1].size, head + 1));
  parts[2].bytes = crc;
  parts[2].size = 2;
  motley_send(put, parts, 3);
}

#if defined(__AVR__)
#define MOTLEY_IN_FLASH __attribute__((used, section(".progmem.motley")))
#else
#define MOTLEY_IN_FLASH __attribute__((used))
#endif

/* Once in a firmware, outside of functions: defines motley_hello(), and puts name and version into the image, where
 * they are read before it is flashed. */
#define MOTLEY_FIRMWARE(name, version)                                                     \
  static const char motley_marker[] MOTLEY_IN_FLASH = "motley-firmware:" name " " version; \
  static inline void motley_hello(motley_put put, const char* self_test) {                 \
    __asm__ __volatile__("" : : "r"(motley_marker)); /* the linker keeps it */             \
    motley_say_hello(put, name, version, self_test);                                       \
  }

#endif
