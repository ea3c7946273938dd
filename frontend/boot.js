/**
 * Heals a page of which a part did not arrive: the network changed (a VPN, a container's bridge, another Wi-Fi), or
 * the server was started anew while the page loaded. A module of which one import is missing never runs, so that
 * nothing else could say so; this is a plain script for that reason, and the first.
 */

{
  // A run is asked for: what draws its charts is compiled and run while the page's modules are still on their way.
  const library = /** @type {HTMLLinkElement | null} */ (document.getElementById("library"));
  if (library && /[?&](?:run|trial)=/.test(location.search)) {
    const script = document.createElement("script");
    script.dataset.library = "";
    script.src = library.href;
    script.addEventListener("error", () => script.remove());
    document.head.append(script);
  }

  const KEY = "shiftscope.loads";
  const WAITS = [200, 1000, 2000, 5000];
  const TEXTS = {
    en: "A part of this page did not arrive. Trying again…",
    ko: "페이지의 일부를 받지 못했습니다. 다시 시도합니다…",
  };
  let broken = false;

  /** How often the page was loaded in vain; without a storage it is the first time, each time. */
  const loads = () => {
    try {
      return Number(sessionStorage.getItem(KEY));
    } catch {
      return 0;
    }
  };

  /** @param {number} count */
  const remember = (count) => {
    try {
      sessionStorage.setItem(KEY, String(count));
    } catch {
      // It waits as long as at the first time then.
    }
  };

  const say = () => {
    const text = document.createElement("p");
    text.setAttribute("role", "alert");
    text.style.cssText = "position:fixed;inset:40% 1rem auto;text-align:center;font:1rem system-ui";
    text.textContent = navigator.language.startsWith("ko") ? TEXTS.ko : TEXTS.en;
    document.body.append(text);
  };

  /** Load the page anew once its server answers: the browser's own page of errors would not try again. */
  const reload = async (/** @type {number} */ count) => {
    try {
      if ((await fetch(location.href, { cache: "no-store" })).ok) return location.reload();
    } catch {
      // Nobody answers yet.
    }
    setTimeout(reload, WAITS[Math.min(count, WAITS.length - 1)], count + 1);
  };

  const essential = (/** @type {EventTarget | null} */ element) =>
    element instanceof HTMLLinkElement
      ? element.rel === "stylesheet"
      : element instanceof HTMLScriptElement && element.type === "module";

  addEventListener(
    "error",
    ({ target }) => {
      if (broken || !essential(target)) return;
      broken = true;
      const count = loads();
      remember(count + 1);
      if (count) document.body ? say() : addEventListener("DOMContentLoaded", say);
      setTimeout(reload, WAITS[Math.min(count, WAITS.length - 1)], count + 1);
    },
    true,
  );
  addEventListener("load", () => {
    if (broken) return;
    remember(0);
    document.documentElement.dataset.whole = "";
  });
}
