// PNG: writes a mask as a paletted picture, which a canvas cannot.
//
// It owns nothing. It is sent class ids and their colours; it sends back a PNG file. The format is
// that of the PNG specification (third edition): a signature, then chunks of length, type, data, CRC.

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  return crc;
});

/**
 * Encodes a mask: 8 bits a pixel, the value of a pixel is its class id, the palette is the classes'.
 *
 * @param {{ width: number, height: number, mask: Uint8Array }} picture
 * @param {{ id: number, colour: string }[]} classes
 * @returns {Promise<Blob>}
 */
export async function encodeMask({ width, height, mask }, classes) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 3], 8); // 8 bits, palette
  const chunks = [
    chunk("IHDR", header),
    chunk("PLTE", palette(classes)),
    chunk("IDAT", await deflate(rows(width, height, mask))),
    chunk("IEND", new Uint8Array(0)),
  ];
  return new Blob([new Uint8Array(SIGNATURE), ...chunks], { type: "image/png" });
}

function palette(classes) {
  const bytes = new Uint8Array(3 * (1 + Math.max(...classes.map(({ id }) => id))));
  for (const { id, colour } of classes) {
    const rgb = parseInt(colour.slice(1), 16);
    bytes.set([rgb >> 16, rgb >> 8, rgb], 3 * id);
  }
  return bytes;
}

/** The pixels: before each row, the byte of its filter (0, none). */
function rows(width, height, mask) {
  const bytes = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    bytes.set(mask.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  }
  return bytes;
}

async function deflate(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new CompressionStream("deflate"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function chunk(type, data) {
  const bytes = new Uint8Array(12 + data.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  bytes.set(new TextEncoder().encode(type), 4);
  bytes.set(data, 8);
  view.setUint32(8 + data.length, crc32(bytes.subarray(4, 8 + data.length)));
  return bytes;
}

function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = CRC_TABLE[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
