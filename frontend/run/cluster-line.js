/** What is free of the cluster whose nodes train the runs, where there is one: a line in the list of runs. */

import { api } from "../api.js";
import { h, setText } from "../app/dom.js";
import { worded } from "../app/server-messages.js";

/** @typedef {import("../types").Cluster} Cluster */
/** @typedef {import("../types").Translate} Translate */

/** @param {Cluster} cluster @param {Translate} t */
export function clusterText({ nodes, free, trouble, address, error }, t) {
  if (trouble) return [worded(trouble, t), address, error].filter(Boolean).join(" · ");
  const amount = (/** @type {number} */ value) => value.toLocaleString(t("locale"), { maximumFractionDigits: 2 });
  const all = (/** @type {"cpus" | "gpus"} */ kind) => nodes.reduce((sum, node) => sum + node.has[kind], 0);
  const parts = [t("cluster.cpus", { free: amount(free.cpus), all: amount(all("cpus")) })];
  if (all("gpus")) parts.push(t("cluster.gpus", { free: amount(free.gpus), all: amount(all("gpus")) }));
  const names = nodes.filter((node) => node.has.cpus > 0).map((node) => node.name);
  parts.push(t("cluster.nodes", { nodes: names.join(", ") }));
  return parts.join(" · ");
}

export class ClusterLine {
  constructor() {
    this.element = h("p", { class: "about", hidden: true, role: "status" });
    /** @type {Cluster | undefined} */
    this.found = undefined;
  }

  /** Ask how it stands; a server that trains its runs itself is asked once. */
  async ask() {
    if (this.found?.launcher !== "local") this.found = await api.cluster().catch(() => this.found);
  }

  /** @param {Translate} t */
  draw(t) {
    this.element.hidden = this.found?.launcher !== "ray";
    if (this.found?.launcher === "ray") setText(this.element, clusterText(this.found, t));
  }
}
