/** Tells which frames are on the screen: who measures the page's latency listens. */

/** @typedef {import("../stream/history.js").StreamHistory} StreamHistory */

/**
 * Dispatch `shiftscope:shown` for each stream whose newest drawn frame is another one: stream, seq, step, headerTime
 * and shownAt (seconds since the epoch: the end of the drawing).
 * @param {import("../types").Scene} scene
 * @param {Map<number, number>} known seq of the newest frame that was told, by stream
 * @param {(stream: StreamHistory) => number} drawn how many frames of a stream are drawn
 * @returns {boolean} whether there was news
 */
export function tellShown(scene, known, drawn) {
  let news = false;
  for (const [number, stream] of scene.history.streams) {
    const slot = stream.order[drawn(stream) - 1] ?? -1;
    if (slot < 0 || known.get(number) === stream.seqs[slot]) continue;
    known.set(number, stream.seqs[slot]);
    news = true;
    if (scene.selection.step === null)
      document.dispatchEvent(new CustomEvent("shiftscope:shown", { detail: shown(number, stream, slot) }));
  }
  return news;
}

/** @param {number} number @param {StreamHistory} stream @param {number} slot */
const shown = (number, stream, slot) => ({
  stream: number,
  seq: stream.seqs[slot],
  step: stream.steps[slot],
  headerTime: stream.times[slot],
  shownAt: (performance.timeOrigin + performance.now()) / 1000,
});
