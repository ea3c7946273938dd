/** What can be done at the moving target: which layer's, on which scale, and whether the layers below may learn. */

import { inEffect } from "../app/effects.js";
import { named } from "../app/i18n.js";
import { isLive } from "../app/state.js";
import { ownSwitch } from "./controls.js";
import { planeChoice, targetLayer, targetLayers, targetsOf } from "./target-plane.js";

/** @typedef {import("../types").Scene} Scene */
/** @typedef {import("../types").Control} Control */

/** More layers than this are chosen from a list. */
const MOST_IN_A_STRIP = 8;
const MOST_IN_A_NARROW_STRIP = 3;

/** Below which layer a network stands still now, if it does. @param {Scene} scene @param {string} network */
const frozenNow = ({ run }, network) => run.interventions?.[network]?.freeze_below ?? null;

/**
 * Below which layer a network stands still at the shown step; null where all of it learns.
 * @param {Scene} scene @param {string} network
 * @returns {string | null}
 */
export function frozenBelow(scene, network) {
  const { step } = scene.selection;
  if (step === null && isLive(scene.run)) return frozenNow(scene, network);
  const last = inEffect(scene.events).findLast(
    (event) => event.kind === "intervention" && event.network === network && (step === null || event.step <= step),
  );
  return /** @type {{freeze_below?: string | null} | undefined} */ (last?.value)?.freeze_below ?? null;
}

/** Whether a worker trains the run now, whichever step of it is seen. @param {Scene} scene */
export const canIntervene = ({ run }) => isLive(run) && run.source === "worker" && run.seq > 0;

/** Whether the switches show and do what is so now, while the chart shows an earlier step. @param {Scene} scene */
export const actsLater = (scene) => canIntervene(scene) && scene.selection.step !== null;

/** @param {Scene} scene @returns {Control} */
const layerStrip = (scene) => {
  const layers = targetLayers(scene);
  const most = scene.narrow ? MOST_IN_A_NARROW_STRIP : MOST_IN_A_STRIP;
  return {
    kind: layers.length > most ? "select" : "switch",
    name: "target-layer",
    label: scene.t("target.layer"),
    options: layers.map((name) => ({ value: name, text: named(name, scene.t) })),
    value: targetLayer(scene),
    change: (layer) => ({ type: "select", selection: { layer } }),
  };
};

/**
 * Whether the layers below the one shown learn now, of some networks.
 * @param {Scene} scene @param {string} name @param {string} label @param {string[]} networks
 * @returns {Control}
 */
function freezing(scene, name, label, networks) {
  const { t } = scene;
  const layer = targetLayer(scene);
  const frozen = networks.map((network) => frozenNow(scene, network));
  const value = frozen.every((one) => one === layer) ? "freeze" : frozen.every((one) => one === null) ? "learn" : "";
  return {
    kind: "switch",
    name,
    label,
    options: [
      { value: "learn", text: t("target.learn") },
      { value: "freeze", text: t("target.freeze") },
    ],
    value,
    change: (wanted) => ({
      type: "intervene",
      networks: Object.fromEntries(
        networks.map((network) => [network, { freeze_below: wanted === "freeze" ? layer : null }]),
      ),
    }),
  };
}

/** @param {Scene} scene @returns {Control[]} */
function switches(scene) {
  if (!canIntervene(scene)) return [];
  const networks = targetsOf(scene).map(({ name }) => name);
  const each = networks.map((network, i) => {
    const label = scene.t("target.below", { network: named(network, scene.t) });
    return freezing(scene, `freeze-${i}`, label, [network]);
  });
  if (networks.length < 2) return each;
  return [...each, freezing(scene, "freeze-all", scene.t("target.below_all"), networks)];
}

/** @param {Scene} scene @returns {Control[]} */
export const targetControls = (scene) => [
  layerStrip(scene),
  ...switches(scene),
  ownSwitch(scene, "target-scale", scene.t("target.scale"), [
    { value: "one", text: scene.t("target.scale.one") },
    { value: "own", text: scene.t("target.scale.own") },
  ]),
  ...planeChoice(scene),
];
