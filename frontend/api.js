/** The HTTP API: every answer that is not what was asked for becomes a Refusal with a notice. */

import { noticeOf, plain } from "./app/server-messages.js";

/** A request that the server refused, or could not be reached for (status 0). */
export class Refusal extends Error {
  /**
   * @param {import("./types").Notice} notice
   * @param {number} status
   * @param {import("./types").FieldRefusal[]} [fields] what is wrong with which field
   */
  constructor(notice, status, fields = []) {
    super(notice.text);
    this.notice = notice;
    this.status = status;
    this.fields = fields;
  }
}

/**
 * @param {number} status
 * @param {any} body
 */
export function refusalOf(status, body) {
  const detail = body?.detail;
  if (Array.isArray(detail)) {
    const sentence = detail.map((item) => `${item.loc.slice(1).join(".")}: ${item.msg}`).join("; ");
    return new Refusal(plain(sentence), status, detail);
  }
  if (typeof detail !== "string") return new Refusal(plain(`HTTP ${status}`), status);
  return new Refusal(noticeOf({ ...body, message: detail }), status);
}

/**
 * @param {string} method
 * @param {string} path relative to the page, so that a path prefix keeps working
 * @param {unknown} [body]
 */
async function call(method, path, body) {
  return (await ask(method, path, body)).answer;
}

/**
 * The answer, and of a page of a list the path of the next one.
 * @param {string} method
 * @param {string} path
 * @param {unknown} [body]
 * @returns {Promise<{ answer: any, next: string | null }>}
 */
async function ask(method, path, body) {
  /** @type {Response} */
  let response;
  try {
    response = await fetch(new URL(path, document.baseURI), {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (error) {
    throw new Refusal(plain(error instanceof Error ? error.message : String(error)), 0);
  }
  const answer = response.status === 204 ? null : await response.json().catch(() => null);
  if (!response.ok) throw refusalOf(response.status, answer);
  const link = /^<([^>]*)>; rel="next"$/.exec(response.headers.get("link") ?? "");
  return { answer, next: link ? `api/${link[1]}` : null };
}

/** @param {string} path */
function socketUrl(path) {
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
  return url.href;
}

/** @param {string} run */
const at = (run) => `api/runs/${encodeURIComponent(run)}`;

export const api = {
  schema: () => call("GET", "api/schema"),
  cluster: () => call("GET", "api/cluster"),
  experiments: () => call("GET", "api/experiments"),
  /** @param {string} experiment @param {{quick: boolean}} how */
  startTrial: (experiment, how) => call("POST", `api/experiments/${encodeURIComponent(experiment)}`, how),
  /** Where the pages' socket is. */
  audience: () => socketUrl("api/audience"),
  trials: () => call("GET", "api/trials"),
  /** @param {string} trial */
  trial: (trial) => call("GET", `api/trials/${encodeURIComponent(trial)}`),
  /**
   * The newest runs, and whether there are more.
   * @param {number} count at least so many, if there are
   * @param {string} group of this class alone; "" for all
   * @returns {Promise<{ runs: import("./types").Run[], more: boolean }>}
   */
  async runs(count, group = "") {
    const runs = [];
    /** @type {string | null} */
    let path = `api/runs?limit=${Math.min(count, 1000)}${group && `&group=${encodeURIComponent(group)}`}`;
    while (path !== null && runs.length < count) {
      const page = await ask("GET", path);
      runs.push(...page.answer);
      path = page.next;
    }
    return { runs, more: path !== null };
  },
  /** @param {Record<string, any>} body */
  start: (body) => call("POST", "api/runs", body),
  /** @param {string} run @param {"pause" | "resume" | "step" | "stop"} command */
  command: (run, command) => call("POST", `${at(run)}/${command}`),
  /** @param {string} run @param {Record<string, any>} change */
  change: (run, change) => call("PATCH", at(run), change),
  /** @param {string} run @param {Record<string, any>} change */
  fork: (run, change) => call("POST", `${at(run)}/fork`, change),
  /** @param {string} run */
  remove: (run) => call("DELETE", at(run)),
  /** @param {string} run @returns {Promise<import("./types").LossCurves>} */
  curve: (run) => call("GET", `${at(run)}/curve`),
  /** @param {string} run */
  recording: (run) => new URL(`${at(run)}/recording`, document.baseURI).href,
  /**
   * Where the frames of a run after a number are sent from.
   * @param {string} run
   * @param {number} after
   * @param {number} [outline] of a long history each so many-th frame comes first
   */
  stream(run, after, outline = 0) {
    return socketUrl(`${at(run)}/stream?after=${after}${outline ? `&outline=${outline}` : ""}`);
  },
};
