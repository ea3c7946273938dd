/** Finding quantities: nothing is taken for granted, whatever a layout lacks is simply not shown. */

/** @typedef {import("../types").Entry} Entry */
/** @typedef {import("../types").RunHeader} RunHeader */

/** @param {number[]} shape */
const sizeOf = (shape) => shape.reduce((product, axis) => product * axis, 1);

/** @param {string} network @param {string} layer @param {string} site @param {string} quantity */
const keyOf = (network, layer, site, quantity) => JSON.stringify([network, layer, site, quantity]);

/** The entries of a run's layouts, by network, layer, site and quantity. */
export class LayoutIndex {
  /** @param {RunHeader} header */
  constructor(header) {
    this.header = header;
    /** @type {Map<number, number>} floats in a row, by stream */
    this.sizes = new Map();
    /** @type {Map<string, Entry>} */
    this.byKey = new Map();
    for (const layout of header.layouts) {
      let size = 0;
      for (const declared of layout.entries) {
        const entry = { ...declared, stream: layout.stream, size: sizeOf(declared.shape) };
        size += entry.size;
        const key = keyOf(entry.network, entry.layer, entry.site, entry.quantity);
        if (!this.byKey.has(key)) this.byKey.set(key, entry);
      }
      this.sizes.set(layout.stream, size);
    }
  }

  /**
   * @param {string} quantity
   * @param {{network?: string, layer?: string, site?: string}} [where]
   * @returns {Entry | undefined}
   */
  find(quantity, { network = "", layer = "", site = "" } = {}) {
    return this.byKey.get(keyOf(network, layer, site, quantity));
  }

  /**
   * The first of several quantities (or sites) that is there.
   * @param {string[]} quantities
   * @param {{network?: string, layer?: string}} where
   * @param {string[]} sites
   */
  first(quantities, where, sites = [""]) {
    for (const site of sites) {
      for (const quantity of quantities) {
        const entry = this.find(quantity, { ...where, site });
        if (entry) return entry;
      }
    }
    return undefined;
  }

  /**
   * The stream number of a layout's name.
   * @param {string} name
   */
  stream(name) {
    return this.header.layouts.find((layout) => layout.name === name)?.stream;
  }

  /**
   * Names of all layers, input first: the union over the networks, in the order of the first that has each.
   * @returns {string[]}
   */
  get layers() {
    /** @type {string[]} */
    const names = [];
    for (const network of this.header.networks) {
      for (const layer of network.layers) if (!names.includes(layer.name)) names.push(layer.name);
    }
    return names;
  }
}
