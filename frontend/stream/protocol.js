/** The wire (docs/protocol.md): a 24-byte little-endian header, then the float32 row. */

const HEADER_BYTES = 24;

/** Bytes that are not frames of the layouts at hand. */
export class FrameError extends Error {}

/**
 * @typedef {object} Frame
 * @property {number} stream
 * @property {number} seq
 * @property {number} step
 * @property {number} time seconds since the Unix epoch
 * @property {Float32Array} row a view of the message, not a copy
 */

/**
 * Call `take` with each frame of a message. One frame object is used for all: keep nothing of it.
 * @param {ArrayBuffer} message
 * @param {Map<number, number>} sizes floats in a row, by stream
 * @param {(frame: Frame) => void} take
 */
export function eachFrame(message, sizes, take) {
  const view = new DataView(message);
  const frame = { stream: 0, seq: 0, step: 0, time: 0, row: new Float32Array(0) };
  let at = 0;
  while (at < message.byteLength) {
    const left = message.byteLength - at;
    if (left < HEADER_BYTES)
      throw new FrameError(`${left} bytes are left where a header of ${HEADER_BYTES} should stand`);
    frame.stream = view.getUint32(at, true);
    frame.seq = view.getUint32(at + 4, true);
    frame.step = view.getUint32(at + 8, true) + view.getUint32(at + 12, true) * 2 ** 32;
    frame.time = view.getFloat64(at + 16, true);
    const size = sizes.get(frame.stream);
    if (size === undefined) throw new FrameError(`stream ${frame.stream} has no layout`);
    if (left < HEADER_BYTES + 4 * size) {
      throw new FrameError(
        `frame ${frame.seq} of stream ${frame.stream} needs ${HEADER_BYTES + 4 * size} bytes, ${left} are there`,
      );
    }
    frame.row = new Float32Array(message, at + HEADER_BYTES, size);
    take(frame);
    at += HEADER_BYTES + 4 * size;
  }
}
