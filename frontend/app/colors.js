/** Colours: two that carry the story (orange without, blue with batch norm), and colour-blind-safe ones for more. */

/** @typedef {[number, number, number]} Rgb */

/** @type {Record<"light" | "dark", {none: Rgb, batch: Rgb, more: Rgb[]}>} */
const NETWORKS = {
  light: {
    none: [213, 94, 0],
    batch: [0, 104, 190],
    more: [
      [0, 140, 105],
      [176, 72, 140],
    ],
  },
  dark: {
    none: [255, 150, 60],
    batch: [92, 172, 255],
    more: [
      [60, 200, 160],
      [232, 140, 200],
    ],
  },
};

/** @param {Rgb} rgb @param {number} [alpha] */
export const css = ([r, g, b], alpha = 1) =>
  alpha === 1 ? `rgb(${r}, ${g}, ${b})` : `rgba(${r}, ${g}, ${b}, ${alpha})`;

/**
 * @param {Rgb} from
 * @param {Rgb} to
 * @param {number} share
 * @returns {Rgb}
 */
export const mix = (from, to, share) =>
  /** @type {Rgb} */ (from.map((value, i) => Math.round(value + (to[i] - value) * share)));

/**
 * One colour a network: a plain one is orange, one with batch normalization blue, further ones take the rest.
 * @param {import("../types").NetworkInfo[]} networks
 * @param {"light" | "dark"} theme
 * @returns {Rgb[]}
 */
export function networkColors(networks, theme) {
  const palette = NETWORKS[theme];
  const rest = [...palette.more];
  /** @type {Set<string>} */
  const taken = new Set();
  return networks.map((network) => {
    const kind = network.layers.some((layer) => layer.normalization) ? "batch" : "none";
    if (!taken.has(kind)) {
      taken.add(kind);
      return palette[kind];
    }
    return rest.shift() ?? [128, 128, 128];
  });
}

/** Lengths of strokes and gaps: what tells networks apart where colours do not, in print and for some eyes. */
const DASHES = [[], [7, 3], [2, 2.5], [9, 3, 2, 3]];

/**
 * The dash of a network's lines where they share a plot with another's; the first has none.
 * @param {number} index of the network
 */
export const dashOf = (index) => DASHES[index % DASHES.length];

/**
 * Shades of one colour by depth: pale and yellowish (or greenish) at the input, deep at the output.
 * @param {Rgb} color
 * @param {number} index
 * @param {number} count
 * @param {"light" | "dark"} theme
 */
export function shade(color, index, count, theme) {
  const depth = count > 1 ? index / (count - 1) : 1;
  const warm = color[0] > color[2];
  const [pale, deep] = SHADES[theme];
  return depth < 0.5
    ? mix(mix(color, warm ? pale.warm : pale.cold, 0.75), color, depth * 2)
    : mix(color, mix(color, warm ? deep.warm : deep.cold, 0.75), depth * 2 - 1);
}

/** @type {Record<"light" | "dark", {warm: Rgb, cold: Rgb}[]>} */
const SHADES = {
  light: [
    { warm: [255, 200, 70], cold: [110, 215, 225] },
    { warm: [110, 10, 20], cold: [45, 10, 110] },
  ],
  dark: [
    { warm: [255, 240, 160], cold: [180, 255, 240] },
    { warm: [235, 50, 40], cold: [90, 70, 255] },
  ],
};

// Anchors of a perceptually even, dark-to-bright scale, so that more shift is more light on a dark ground.
/** @type {Rgb[]} */
const GLOW = [
  [13, 16, 42],
  [52, 24, 92],
  [108, 30, 110],
  [164, 44, 96],
  [214, 72, 64],
  [244, 124, 32],
  [252, 190, 50],
  [252, 250, 180],
];
/** @type {Rgb[]} */
const GLOW_LIGHT = [
  [247, 247, 250],
  [254, 224, 170],
  [253, 182, 98],
  [240, 128, 58],
  [214, 78, 60],
  [166, 42, 92],
  [106, 26, 106],
  [44, 14, 72],
];

/** @param {"light" | "dark"} theme */
export const glow = (theme) => (theme === "light" ? GLOW_LIGHT : GLOW);

/**
 * A colour of a scale.
 * @param {Rgb[]} scale
 * @param {number} share 0 to 1
 * @returns {Rgb}
 */
function along(scale, share) {
  const at = Math.min(Math.max(share, 0), 1) * (scale.length - 1);
  const low = Math.min(Math.floor(at), scale.length - 2);
  return mix(scale[low], scale[low + 1], at - low);
}

/** @param {Rgb[]} scale @returns {[number, string][]} the same scale for Plotly */
export const colorStops = (scale) => scale.map((rgb, i) => [i / (scale.length - 1), css(rgb)]);

/** @param {Rgb} rgb as the word that ImageData holds */
export const word = ([r, g, b], alpha = 255) => ((alpha << 24) | (b << 16) | (g << 8) | r) >>> 0;

/**
 * A scale as 256 words.
 * @param {Rgb[]} scale
 */
export function wordsOf(scale) {
  return Uint32Array.from({ length: 256 }, (_, i) => word(along(scale, i / 255)));
}
