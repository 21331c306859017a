// SPDX-License-Identifier: GPL-3.0-or-later
// Says hello and then, every PERIOD_MS, readings and a text, all in frames (deploy/firmware/motley_device.h). One reading
// has a name that is none.

#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>
#include <avr/wdt.h>
#include <stdbool.h>

#include "deploy/firmware/motley_device.h"

#ifndef PERIOD_MS
#define PERIOD_MS 200
#endif
#ifndef BAUD
#define BAUD 115200
#endif

MOTLEY_FIRMWARE(NAME, VERSION)

enum { kTickMs = 10 };

static volatile bool tick;

ISR(TIMER1_COMPA_vect) { tick = true; }

static void Put(uint8_t byte) {
  while ((UCSR0A & _BV(UDRE0)) == 0) {
  }
  UDR0 = byte;
}

static void Configure(void) {
  MCUSR = 0;  // else a watchdog reset keeps the watchdog on
  wdt_disable();
  UCSR0A = _BV(U2X0);
  UBRR0 = (F_CPU + BAUD * 4UL) / (BAUD * 8UL) - 1;
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UCSR0B = _BV(TXEN0);
  OCR1A = F_CPU / 64 / 1000 * kTickMs - 1;
  TCCR1A = 0;
  TCCR1B = _BV(WGM12) | _BV(CS11) | _BV(CS10);  // from 0 to OCR1A, clock / 64
  TIMSK1 = _BV(OCIE1A);
  set_sleep_mode(SLEEP_MODE_IDLE);
  sei();
}

int main(void) {
  Configure();
  motley_hello(Put, "ok");
  int32_t uptime_ms = 0;
  for (;;) {
    for (uint16_t waited_ms = 0; waited_ms < PERIOD_MS; waited_ms += kTickMs) {
      while (!tick) sleep_mode();
      tick = false;
    }
    uptime_ms += PERIOD_MS;
    motley_reading_int(Put, "uptime_ms", uptime_ms);
    motley_reading_float(Put, "half_uptime_s", (float)uptime_ms / 2000);
    motley_reading_float(Put, "no number", 1);
    motley_text(Put, "still here");
  }
}
