/** The presenter and the audience: a bar that says who follows whose view, and the page's socket to the others. */

import { api } from "../api.js";
import { byId, h } from "../app/dom.js";
import { readLink, writeLink } from "../app/link.js";
import { FIRST_SELECTION } from "../app/state.js";
import { Throttle } from "../app/throttle.js";
import { Connection } from "../stream/connection.js";
import { CHOICES } from "../views/index.js";
import { Following } from "./following.js";
import { namedRun } from "./page-link.js";

/** @typedef {import("../app/state.js").State} State */

/** A replay changes the view in every frame. */
const EVERY = 200;

/** What a page shows, whatever its language and colours are. @param {State} state */
const viewOf = (state) => {
  const { experiment, trial, present } = state;
  return writeLink(namedRun(state), state.selection, { experiment, trial, present });
};

export class Audience {
  /**
   * @param {import("../app/store.js").Store} store
   * @param {(linked: import("../app/link.js").Linked) => void} open opens what a link names
   */
  constructor(store, open) {
    this.store = store;
    this.root = byId("audience");
    this.button = byId("present-all");
    this.drawn = "";
    this.following = new Following({
      view: () => viewOf(store.state),
      show: (view) => this.#show(view, open),
      send: (message) => this.#send(message),
    });
    this.connection = new Connection(api.audience, {
      after: () => 0,
      frames: () => {},
      state: (connection) => {
        this.following.begin();
        if (connection === "void") store.dispatch({ type: "link-changed" });
      },
      message: (standing) => {
        this.following.hear(standing);
        this.draw();
      },
    });
    this.button.addEventListener("click", () => this.#act(() => this.following.present()));
    const soon = new Throttle(EVERY);
    const moved = () => this.#act(() => this.following.moved());
    store.listen((now, before) => {
      if (viewOf(now) === viewOf(before)) return;
      if (this.following.presents) soon.soon(moved);
      else moved();
    });
  }

  /** @param {() => void} act */
  #act(act) {
    act();
    this.draw();
  }

  /** @param {Record<string, any>} message */
  #send(message) {
    const { socket } = this.connection;
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
  }

  /** @param {string} view @param {(linked: import("../app/link.js").Linked) => void} open */
  #show(view, open) {
    const linked = readLink(view, CHOICES);
    const here = this.store.state;
    if (linked.run !== namedRun(here) || linked.experiment !== here.experiment || linked.trial !== here.trial)
      open(linked);
    if (linked.present !== here.present) this.store.dispatch({ type: "present", view: linked.present });
    this.store.dispatch({ type: "playing", playing: false });
    this.store.dispatch({ type: "select", selection: { ...FIRST_SELECTION, ...linked.selection } });
  }

  /** Called when the page is drawn, and when something was heard. */
  draw() {
    const { following, left, watching, presenting, mine, follows } = { ...this.following, ...this.following.now };
    const { t } = this.store.state;
    this.button.hidden = mine || (!presenting && watching < 2);
    const key = [t("locale"), following, left, watching, presenting, mine, follows].join();
    if (key === this.drawn) return;
    this.drawn = key;
    this.root.hidden = !presenting;
    this.root.replaceChildren(...(presenting ? this.#parts() : []));
  }

  #parts() {
    const { t } = this.store.state;
    const { now, follows, left } = this.following;
    const { following, watching } = now;
    const say = (/** @type {string} */ text, /** @type {string} */ count) => [
      h("span", { class: "on", role: "status" }, text),
      h("span", { class: "count" }, count),
    ];
    const button = (/** @type {string} */ text, /** @type {() => void} */ act) =>
      h("button", { type: "button", on: { click: () => this.#act(act) } }, text);
    if (now.mine)
      return [
        ...say(t("audience.mine"), t("audience.mine.count", { following, watching })),
        button(t("audience.call"), () => this.following.call()),
        button(t("audience.stop"), () => this.following.stop()),
      ];
    const count = t("audience.count", { watching });
    if (follows)
      return [...say(t("audience.follows"), count), button(t("audience.around"), () => this.following.lookAround())];
    return [
      ...say(t("audience.offered"), count),
      button(t(left ? "audience.back" : "audience.follow"), () => this.following.follow()),
    ];
  }
}
