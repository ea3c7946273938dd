import assert from "node:assert/strict";
import test from "node:test";

import { backoff, Connection } from "../../frontend/stream/connection.js";

/** A connection whose sockets and timers the test moves by hand. */
function harness() {
  const sockets = [];
  const timers = [];
  const states = [];
  const got = [];
  let after = 0;
  class Socket {
    constructor(url) {
      this.url = url;
      sockets.push(this);
    }
    close() {
      this.closed = true;
    }
  }
  const connection = new Connection(
    (seq) => `ws://x/stream?after=${seq}`,
    {
      after: () => after,
      message: (message) => got.push(message),
      frames: (frames) => got.push(frames),
      state: (state, wait) => states.push(wait === undefined ? state : [state, wait]),
    },
    {
      Socket,
      later: (act, ms) => timers.push({ act, ms }) - 1,
      cancel: (at) => (timers[at].cancelled = true),
      random: () => 0.5,
    },
  );
  return { connection, sockets, timers, states, got, reach: (seq) => (after = seq) };
}

test("waiting doubles from a quarter second to eight, with a random part", () => {
  assert.equal(backoff(0, 0.5), 0.25);
  assert.equal(backoff(3, 0.5), 2);
  assert.equal(backoff(20, 0.5), 8);
  assert.equal(backoff(20, 0), 6);
});

test("a lost connection is opened again after the highest contiguous seq", () => {
  const { sockets, timers, states, reach } = harness();
  assert.equal(sockets[0].url, "ws://x/stream?after=0");
  reach(41);
  sockets[0].onclose({ code: 1006 });
  assert.deepEqual(states, ["connecting", ["lost", 0.25]]);
  timers[0].act();
  assert.equal(sockets[1].url, "ws://x/stream?after=41");
});

test("each failure waits longer, and a message begins anew", () => {
  const { sockets, timers } = harness();
  sockets[0].onclose({ code: 1006 });
  timers[0].act();
  sockets[1].onclose({ code: 1006 });
  assert.equal(timers[1].ms, 500);
  timers[1].act();
  sockets[2].onmessage({ data: '{"type": "state"}' });
  sockets[2].onclose({ code: 1012 });
  assert.equal(timers[2].ms, 250);
});

test("a finished run is not opened again, nor an unknown one, nor with a link that was changed", () => {
  for (const [code, state] of [
    [4401, "void"],
    [1000, "ended"],
    [4404, "unknown"],
  ]) {
    const { sockets, timers, states } = harness();
    sockets[0].onclose({ code });
    assert.equal(timers.length, 0);
    assert.equal(states.at(-1), state);
  }
});

test("retry does not wait, and a closed connection stays closed", () => {
  const { connection, sockets, timers } = harness();
  sockets[0].onclose({ code: 1006 });
  connection.retry();
  assert.equal(timers[0].cancelled, true);
  assert.equal(sockets.length, 2);
  connection.close();
  assert.equal(sockets[1].closed, true);
  sockets[1].onclose({ code: 1006 });
  connection.retry();
  assert.equal(sockets.length, 2);
});

test("after the end it opens again when the run goes on, from where it was", () => {
  const { connection, sockets } = harness();
  connection.again();
  assert.equal(sockets.length, 1, "it is open");
  sockets[0].onclose({ code: 1000 });
  connection.again();
  assert.equal(sockets.length, 2);
  sockets[1].onclose({ code: 1006 });
  connection.again();
  assert.equal(sockets.length, 2, "it waits to open by itself");
  connection.close();
  connection.again();
  assert.equal(sockets.length, 2);
});

test("words are parsed, frames are passed on; an old socket is not heard", () => {
  const { sockets, timers, got } = harness();
  const frames = new ArrayBuffer(8);
  sockets[0].onmessage({ data: '{"type": "event"}' });
  sockets[0].onmessage({ data: frames });
  sockets[0].onclose({ code: 1006 });
  timers[0].act();
  sockets[0].onmessage({ data: frames });
  assert.deepEqual(got, [{ type: "event" }, frames]);
});
