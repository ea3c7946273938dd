/** Of more rows than a chart has room for a part is shown: from a chosen one on, else the first. */

/** @typedef {import("../types").Scene} Scene */

/**
 * @template T
 * @param {Scene} scene
 * @param {string} part name of the choice
 * @param {[string, T][]} all by the names of their rows
 * @param {number} most
 */
export function rowsShown(scene, part, all, most) {
  const first = Math.max(
    0,
    all.findIndex(([name]) => name === scene.selection.choices[part]),
  );
  return all.slice(first, first + most);
}

/**
 * What the part is chosen by; nothing where all have room.
 * @param {Scene} scene
 * @param {string} part name of the choice
 * @param {string[]} names of all rows
 * @param {number} most
 * @param {(name: string) => string} [textOf]
 * @returns {import("../types").Control[]}
 */
export const rowChoice = (scene, part, names, most, textOf = (name) => name) =>
  names.length <= most
    ? []
    : [
        {
          kind: "select",
          name: part,
          label: scene.t("scalars.from"),
          value: names.find((name) => name === scene.selection.choices[part]) ?? names[0],
          options: names.map((name) => ({ value: name, text: textOf(name) })),
          change: (name) => ({ type: "choose", name: part, value: name === names[0] ? null : name }),
        },
      ];
