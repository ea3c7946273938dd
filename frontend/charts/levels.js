/** The levels in which the charts are read: a heading each, and room for its cards. */

import { h } from "../app/dom.js";
import { chosen } from "./selection.js";

/** @typedef {import("../types").Level} Level */
/** @typedef {import("../types").View} View */
/** @typedef {{level: Level, section: HTMLElement, cards: HTMLElement}} Room */

/** More charts than these are read by levels; so few stand by themselves. */
const FEW = 4;

/** @param {Level[]} levels */
export const viewsOf = (levels) => levels.flatMap(({ views }) => views);

/** What is shown where nothing was chosen: the laboratory is folded away. @param {Level[]} levels @returns {View[]} */
export const usualOf = (levels) => levels.flatMap(({ id, views }) => (id === "laboratory" ? [] : views));

/**
 * The charts that there are cards for: those that are chosen, and the one that is presented.
 * @param {Level[]} levels @param {string[] | null} charts @param {string | null} present
 */
export function shownOf(levels, charts, present) {
  const views = viewsOf(levels);
  const shown = chosen(views, charts, usualOf(levels));
  return views.filter((view) => shown.includes(view) || view.id === present);
}

/** @param {Level} level @param {import("../types").Translate} t @returns {Room} */
function makeRoom(level, t) {
  const cards = h("div", { class: "cards" });
  const { id } = level;
  if (!id) return { level, cards, section: h("div", { class: "level" }, cards) };
  const title = h("h2", { id: `level-${id}` }, t(`level.${id}`), " ", h("span", {}, t(`level.${id}.text`)));
  const section = h("section", { class: "level", "data-level": id, "aria-labelledby": title.id }, title, cards);
  return { level, cards, section };
}

export class Rooms {
  /** @param {HTMLElement} root @param {(id: string) => HTMLElement | undefined} elementOf the card of a view */
  constructor(root, elementOf) {
    this.root = root;
    this.elementOf = elementOf;
    /** @type {Room[]} */
    this.rooms = [];
  }

  clear() {
    this.rooms = [];
    this.root.replaceChildren();
  }

  /**
   * Make room for so many cards, and move those that there are.
   * @param {number} count @param {Level[]} levels @param {import("../types").Translate} t
   */
  arrange(count, levels, t) {
    this.root.dataset.few = count > FEW ? "" : String(count);
    const wanted = count > FEW ? levels : [{ id: "", views: viewsOf(levels) }];
    const made = this.rooms.map(({ level }) => level.id);
    if (made.length === wanted.length && wanted.every(({ id }, i) => id === made[i])) return;
    this.rooms = wanted.map((level) => makeRoom(level, t));
    for (const { level, cards } of this.rooms)
      cards.append(...level.views.flatMap(({ id }) => this.elementOf(id) ?? []));
    this.root.replaceChildren(...this.rooms.map(({ section }) => section));
  }

  /** Mark the card that stands alone: that of the view, else the first; null: none. @param {string | null} id */
  present(id) {
    const all = /** @type {NodeListOf<HTMLElement>} */ (this.root.querySelectorAll(".card"));
    const one = id === null ? undefined : ([...all].find(({ dataset }) => dataset.view === id) ?? all[0]);
    for (const element of all) element.toggleAttribute("data-presented", element === one);
  }

  /** Put a card among those of its level, in their order. @param {View} view @param {HTMLElement} element */
  place(view, element) {
    const room = this.rooms.find(({ level }) => level.views.includes(view)) ?? this.rooms[0];
    const later = room.level.views.slice(room.level.views.indexOf(view) + 1);
    const after = later.map(({ id }) => this.elementOf(id)).find((one) => one !== undefined);
    room.cards.insertBefore(element, after ?? null);
  }
}
