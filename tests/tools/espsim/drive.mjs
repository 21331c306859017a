// Drives Espressif's own esptool-js against a serial port, without a browser and without its stub: all goes through the
// ROM's commands.
//
//   node drive.mjs PORT BOARD_CTL DIR SERIAL ACTION [ADDRESS FILE] [BAUD]
//
// ACTION: write (compressed), write-plain, verify (by the ROM's digest), read (first 64 bytes, over the registers of
// the flash controller), identify. Modem lines go to the board over its control socket: Node.js has no call for them.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import tty from 'node:tty';
import { ESPLoader, Transport } from 'esptool-js';

const [port, boardCtl, folder, serial, action, address, file, baud] = process.argv.slice(2);
const ROM_BAUD = 115200;

function setBaud(rate) {
  execFileSync('stty', ['-F', port, String(rate), 'raw', '-echo', '-hupcl']);
}

const bit = (active) => (active ? '1' : '0');
const control = (...command) => execFileSync(boardCtl, [folder, serial, ...command]);

/** Of the USB device that the port is a part of. */
function usbId(name) {
  let folder = fs.realpathSync(`/sys/class/tty/${port.replace('/dev/', '')}/device`);
  while (!fs.existsSync(`${folder}/${name}`)) {
    if (folder === '/') throw new Error(`${port} is not on USB`);
    folder = fs.realpathSync(`${folder}/..`);
  }
  return parseInt(fs.readFileSync(`${folder}/${name}`, 'ascii'), 16);
}

/** What esptool-js wants of a Web Serial port. */
class Port {
  getInfo() {
    return { usbVendorId: usbId('idVendor'), usbProductId: usbId('idProduct') };
  }
  async open({ baudRate }) {
    const fd = fs.openSync(port, fs.constants.O_RDWR | fs.constants.O_NOCTTY | fs.constants.O_NONBLOCK);
    setBaud(baudRate);
    this.stream = new tty.ReadStream(fd);
    this.readable = new ReadableStream({
      start: (controller) => this.stream.on('data', (data) => controller.enqueue(new Uint8Array(data))),
    });
    this.writable = new WritableStream({
      write: async (bytes) => {
        for (let at = 0; at < bytes.length; ) {
          try {
            at += fs.writeSync(fd, bytes, at);
          } catch (error) {
            if (error.code !== 'EAGAIN') throw error;
            await new Promise((resume) => setTimeout(resume, 1));
          }
        }
      },
    });
  }
  async setBaudRate(rate) {
    setBaud(rate);
  }
  async setSignals({ dataTerminalReady, requestToSend }) {
    // Both at once, where it says both: between two messages a chip may start.
    if (dataTerminalReady !== undefined && requestToSend !== undefined) {
      control('lines', bit(dataTerminalReady), bit(requestToSend));
    } else if (dataTerminalReady !== undefined) {
      control('dtr', bit(dataTerminalReady));
    } else if (requestToSend !== undefined) {
      control('rts', bit(requestToSend));
    }
  }
  async close() {
    this.stream.destroy();
  }
}

const md5 = (bytes) => createHash('md5').update(bytes).digest('hex');
/** The ROM sends its digest in hexadecimal digits, and esptool-js, made for its stub, in digits of those. */
const twice = (digits) => Buffer.from(digits, 'ascii').toString('hex');

async function run() {
  const quiet = { clean() {}, writeLine() {}, write() {} };
  const transport = new Transport(new Port(), false);
  const loader = new ESPLoader({
    transport,
    baudrate: Number(baud ?? ROM_BAUD),
    romBaudrate: ROM_BAUD,
    terminal: quiet,
  });
  loader.runStub = async () => loader.chip;
  loader.FLASH_WRITE_SIZE = 0x400; // of the ROM; the default is that of the stub
  console.log(`chip: ${await loader.main()}`);
  // It takes this chip's flash controller for that of an ESP32, unless it is told that there are no such registers.
  if (loader.chip.CHIP_NAME === 'ESP8266') loader.chip.SPI_MOSI_DLEN_OFFS = null;
  console.log(`flash id: 0x${(await loader.readFlashId()).toString(16)}`);
  const digests = loader.chip.CHIP_NAME !== 'ESP8266';
  if (digests) {
    await loader.checkCommand('attach the flash', loader.ESP_SPI_ATTACH, new Uint8Array(8));
  }
  const data = file === undefined ? undefined : new Uint8Array(fs.readFileSync(file));
  const began = Date.now();
  if (action === 'write' || action === 'write-plain') {
    await loader.writeFlash({
      fileArray: [{ data, address: Number(address) }],
      flashSize: 'keep', flashMode: 'keep', flashFreq: 'keep', eraseAll: false,
      compress: action === 'write',
      calculateMD5Hash: digests ? (image) => twice(md5(image)) : undefined,
    });
  } else if (action === 'verify') {
    const found = await loader.flashMd5sum(Number(address), data.length);
    if (found !== twice(md5(data))) throw new Error('the digest of the flash is another');
    console.log('verified');
  } else if (action === 'read') {
    const words = [];
    for (let at = 0; at < 64; at += 4) {
      const word = await loader.runSpiflashCommand(0x03, new Uint8Array(0), 32, Number(address) + at, 24);
      words.push((word >>> 0).toString(16).padStart(8, '0'));
    }
    console.log(`words: ${words.join(' ')}`);
  }
  console.log(`seconds: ${((Date.now() - began) / 1000).toFixed(3)}`);
  await transport.setSignals(false, true);
  await new Promise((resume) => setTimeout(resume, 100));
  await transport.setSignals(false, false);
}

try {
  await run();
  process.exit(0);
} catch (error) {
  console.log(`failed: ${error.message}`);
  process.exit(1);
}
