/** The page's link and the browser's history: they follow what is open and chosen, and lead back to it. */

import { Address } from "../app/address.js";
import { readLink, writeLink } from "../app/link.js";
import { FIRST_SELECTION } from "../app/state.js";
import { CHOICES } from "../views/index.js";

/** @typedef {import("../app/store.js").Store} Store */
/** @typedef {import("../app/state.js").State} State */

/** Within a trial the open run follows by itself, and is named only when it was chosen. @param {State} state */
export const namedRun = ({ open, trial, pinned }) => (trial !== null && !pinned ? null : open);

/** The link of what is open and chosen. @param {State} state */
export function linkOf(state) {
  const { experiment, trial, selection, open, linked, present } = state;
  const { embed, theme, language } = linked;
  const config = open === null ? linked.config : null;
  return writeLink(namedRun(state), selection, { experiment, trial, embed, theme, language, config, present });
}

/** What is open, without what is chosen there: another route is an entry of the history. @param {State} state */
const routeOf = (state) => [namedRun(state), state.experiment, state.trial].join();

export class PageLink {
  /** @param {Store} store @param {(linked: import("../app/link.js").Linked) => void} show opens what a link names */
  constructor(store, show) {
    this.store = store;
    this.address = new Address();
    /** The link that led here stands until what it names is shown. */
    this.arrived = false;
    store.listen((now, before) => {
      if (routeOf(now) !== routeOf(before)) this.#write();
      else if (now.selection !== before.selection || now.present !== before.present)
        this.address.soon(() => this.#write());
    });
    addEventListener("popstate", () =>
      this.address.follow(() => {
        const linked = readLink(location.search, CHOICES);
        show(linked);
        store.dispatch({ type: "present", view: linked.present });
        store.dispatch({ type: "select", selection: { ...FIRST_SELECTION, ...linked.selection } });
      }),
    );
  }

  /** What the first link names is shown. */
  begin() {
    this.arrived = true;
    this.#write();
  }

  #write() {
    if (!this.arrived) return;
    this.address.write(`${location.pathname}${linkOf(this.store.state)}`, routeOf(this.store.state));
  }
}
