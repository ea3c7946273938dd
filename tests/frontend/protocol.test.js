import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { LayoutIndex } from "../../frontend/stream/layout-index.js";
import { eachFrame, FrameError } from "../../frontend/stream/protocol.js";

const folder = new URL("../golden/", import.meta.url);
const golden = JSON.parse(readFileSync(new URL("frames.json", folder), "utf8"));
const bytes = readFileSync(new URL("frames.bin", folder));
const message = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
const { sizes } = new LayoutIndex(golden.header);
const WORDS = { nan: NaN, inf: Infinity, "-inf": -Infinity };

test("the golden frames are read as they were written", () => {
  const seen = [];
  eachFrame(message, sizes, (frame) => seen.push({ ...frame, row: [...frame.row] }));
  const expected = golden.frames.map((frame) => ({ ...frame, row: frame.row.map((value) => WORDS[value] ?? value) }));
  assert.deepEqual(seen, expected);
});

test("rows are views of the message, not copies", () => {
  eachFrame(message, sizes, (frame) => assert.equal(frame.row.buffer, message));
});

test("a message that ends inside a frame is refused", () => {
  assert.throws(() => eachFrame(message.slice(0, message.byteLength - 4), sizes, () => {}), FrameError);
  assert.throws(() => eachFrame(message.slice(0, 12), sizes, () => {}), /12 bytes are left/);
});

test("a stream without a layout is refused", () => {
  assert.throws(() => eachFrame(message, new Map([[0, 1]]), () => {}), /stream 1 has no layout/);
});
