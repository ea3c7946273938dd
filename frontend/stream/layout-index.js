/** Finding quantities: nothing is taken for granted, whatever a layout lacks is simply not shown. */

/** @typedef {import("../types").Entry} Entry */
/** @typedef {import("../types").RunHeader} RunHeader */

/** @typedef {{from: number, to: number, size: number}} Move floats of a row as it came, and where they are kept */
/** @typedef {{stream: number, moves: Move[]}} Laid */

/** A frame names its stream and, times this, the revision of the stream's layout. */
const REVISION = 2 ** 16;

/** What frames of a layout call their stream. @param {{stream: number, revision?: number}} layout */
export const numberOf = ({ stream, revision = 0 }) => stream + REVISION * revision;

/** @param {number[]} shape */
const sizeOf = (shape) => shape.reduce((product, axis) => product * axis, 1);

/** @param {string} network @param {string} layer @param {string} site @param {string} quantity */
const keyOf = (network, layer, site, quantity) => JSON.stringify([network, layer, site, quantity]);

/** The entries of a run's layouts, by network, layer, site and quantity. */
export class LayoutIndex {
  /** @param {RunHeader} header */
  constructor(header) {
    this.header = header;
    /** @type {Map<number, number>} floats in a row, by what its frame calls the stream */
    this.sizes = new Map();
    /** @type {Map<string, Entry>} */
    this.byKey = new Map();
    /** @type {Map<number, number>} floats that are kept of a row, by stream: of all its revisions together */
    this.widths = new Map();
    /** @type {Map<number, Laid>} where the rows of a later revision go, by what its frames call their stream */
    this.laid = new Map();
    for (const layout of header.layouts) this.#add(layout);
  }

  /** @param {import("../types").Layout} layout */
  #add({ stream, revision = 0, entries }) {
    const number = numberOf({ stream, revision });
    const laid = { stream, moves: /** @type {Move[]} */ ([]) };
    let size = 0;
    let width = this.widths.get(stream) ?? 0;
    for (const declared of entries) {
      const entry = { ...declared, stream, size: sizeOf(declared.shape) };
      const key = keyOf(entry.network, entry.layer, entry.site, entry.quantity);
      const known = this.byKey.get(key);
      if (revision > 0 && known?.stream === stream && known.size === entry.size) entry.offset = known.offset;
      else {
        entry.offset = width;
        width += entry.size;
        // What has another shape now is another thing; of two streams the first has the name.
        if (!known || (revision > 0 && known.stream === stream)) this.byKey.set(key, entry);
      }
      laid.moves.push({ from: declared.offset, to: entry.offset, size: entry.size });
      size += entry.size;
    }
    this.sizes.set(number, size);
    this.widths.set(stream, width);
    if (revision > 0) this.laid.set(number, laid);
  }

  /**
   * The index of a run that lays out some streams anew, where it does not know them yet.
   * @param {import("../types").Layout[]} layouts
   * @param {import("../types").NetworkInfo[]} [networks] those whose layers are others since
   * @returns {LayoutIndex} this one when there is nothing new
   */
  revised(layouts, networks = []) {
    const fresh = layouts.filter((layout) => !this.sizes.has(numberOf(layout)));
    const named = new Map([...this.header.networks, ...networks].map((network) => [network.name, network]));
    const same = JSON.stringify([...named.values()]) === JSON.stringify(this.header.networks);
    if (!fresh.length && same) return this;
    return new LayoutIndex({
      ...this.header,
      networks: [...named.values()],
      layouts: [...this.header.layouts, ...fresh],
    });
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
   * What any layout of a stream has, and where it is kept.
   * @param {string} name
   * @returns {Entry[]}
   */
  entries(name) {
    const stream = this.stream(name);
    return [...this.byKey.values()].filter((entry) => entry.stream === stream);
  }

  /**
   * Type and sizes of a layer, as "Conv2d 64→64"; of networks that differ there, those of the first; else nothing.
   * @param {string} name
   */
  label(name) {
    const layers = this.header.networks.flatMap((network) => network.layers);
    return layers.find((layer) => layer.name === name && layer.label)?.label ?? "";
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
