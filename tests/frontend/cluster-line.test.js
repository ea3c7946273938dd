import assert from "node:assert/strict";
import test from "node:test";

import { translator } from "../../frontend/app/i18n.js";
import { clusterText } from "../../frontend/run/cluster-line.js";

const t = translator("en");
const node = (/** @type {string} */ name, cpus = 0, gpus = 0) => ({ name, has: { cpus, gpus, memory: 1e9 } });
const cluster = (/** @type {any[]} */ nodes, free = {}, more = {}) =>
  /** @type {import("../../frontend/types").Cluster} */ ({
    launcher: "ray",
    nodes,
    free: { cpus: 0, gpus: 0, memory: 0, ...free },
    trouble: null,
    address: "",
    error: "",
    ...more,
  });

test("what is free of a cluster, and on which nodes; a head without cores trains nothing", () => {
  const small = cluster([node("head"), node("one", 4), node("two", 1.5)], { cpus: 2.5 });
  assert.equal(clusterText(small, t), "Cluster: 2.5 of 5.5 CPUs free · nodes: one, two");
  const large = cluster([node("a", 1000, 2)], { cpus: 1000, gpus: 1 });
  assert.equal(clusterText(large, t), "Cluster: 1,000 of 1,000 CPUs free · 1 of 2 GPUs free · nodes: a");
});

test("where there is no connection the line says so, and to who controls also where and why", () => {
  const trouble = { code: "wait.cluster", values: {}, text: "waits for the Ray cluster" };
  assert.equal(clusterText(cluster([], {}, { trouble }), t), "waits for the Ray cluster");
  const known = { trouble, address: "head:6379", error: "no answer" };
  assert.equal(clusterText(cluster([], {}, known), t), "waits for the Ray cluster · head:6379 · no answer");
});
