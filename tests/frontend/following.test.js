import assert from "node:assert/strict";
import test from "node:test";

import { Following } from "../../frontend/page/following.js";

/** A page that shows one view, and what it said. */
function makePage() {
  const page = { view: "", said: /** @type {any[]} */ ([]) };
  const following = new Following({
    view: () => page.view,
    show: (view) => {
      page.view = view;
      following.moved();
    },
    send: (message) => page.said.push(message),
  });
  return { page, following };
}

const STANDING = { watching: 1, following: 0, presenting: true, mine: false, view: "?run=a", calls: 0 };

test("a page that follows shows what is presented, until it is moved by hand", () => {
  const { page, following } = makePage();
  following.hear(STANDING);
  assert.equal(page.view, "");
  following.follow();
  assert.deepEqual([page.view, following.follows], ["?run=a", true]);
  following.hear({ ...STANDING, view: "?run=a&step=3" });
  assert.deepEqual([page.view, following.follows], ["?run=a&step=3", true]);
  page.view = "?run=a&step=9";
  following.moved();
  assert.deepEqual([following.follows, following.left], [false, true]);
  following.hear({ ...STANDING, view: "?run=a&step=4" });
  assert.equal(page.view, "?run=a&step=9");
  following.follow();
  assert.deepEqual([page.view, following.left], ["?run=a&step=4", false]);
  following.hear({ ...STANDING, presenting: false, view: "" });
  assert.deepEqual([page.view, following.follows], ["?run=a&step=4", false]);
});

test("everyone is called once, but for who comes later", () => {
  const { page, following } = makePage();
  following.hear({ ...STANDING, calls: 2 });
  assert.equal(page.view, "");
  following.hear({ ...STANDING, calls: 3 });
  assert.deepEqual([page.view, following.follows], ["?run=a", true]);
});

test("who presents goes on to over a lost connection, and ends where another takes over", () => {
  const { page, following } = makePage();
  following.hear({ ...STANDING, presenting: false });
  page.view = "?run=b";
  following.present();
  following.hear({ ...STANDING, mine: true, view: "?run=b" });
  page.view = "?run=b&step=1";
  following.moved();
  following.begin();
  following.hear({ ...STANDING, presenting: false });
  assert.deepEqual(
    page.said.map(({ type, view }) => [type, view]),
    [
      ["present", "?run=b"],
      ["present", "?run=b&step=1"],
      ["present", "?run=b&step=1"],
    ],
  );
  following.hear({ ...STANDING, mine: true });
  following.hear(STANDING);
  assert.equal(following.presents, false);
});
