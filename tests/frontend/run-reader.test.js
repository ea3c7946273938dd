import assert from "node:assert/strict";
import test from "node:test";

import { readRun } from "../../frontend/stream/run-reader.js";

/** Sockets that close with these codes, one after the other; and how long was waited between them. */
function closing(codes) {
  const waits = [];
  const left = [...codes];
  class Socket {
    constructor() {
      queueMicrotask(() => {
        this.onmessage({ data: JSON.stringify({ header: { networks: [{ name: "a" }], layouts: [] } }) });
        this.onclose({ code: left.shift(), reason: "" });
      });
    }
  }
  const wait = async (seconds) => void waits.push(seconds);
  return { environment: { Socket, wait }, waits, left };
}

test("a run whose connection breaks is read again", async () => {
  const { environment, waits } = closing([1006, 1012, 1000]);
  const reading = await readRun("ws://x/stream", environment);
  assert.deepEqual(reading.networks, [{ name: "a" }]);
  assert.equal(waits.length, 2);
  assert.ok(waits[0] < waits[1]);
});

test("one that breaks each time, or is refused, is given up", async () => {
  const broken = closing(Array(9).fill(1006));
  await assert.rejects(readRun("ws://x/stream", broken.environment), /closed with 1006/);
  assert.equal(broken.left.length, 4);
  const refused = closing([4404, 1000]);
  await assert.rejects(readRun("ws://x/stream", refused.environment), /closed with 4404/);
  assert.deepEqual(refused.waits, []);
});
