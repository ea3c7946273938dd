/** The way of the followed sample through the network under the microscope: image, a unit a layer, logits, answer. */

import { css } from "../app/colors.js";
import { named } from "../app/i18n.js";
import { brief } from "../app/numbers.js";
import { colorsOf } from "./common.js";
import { focusLayer } from "./focus.js";
import { followedAt, logitsOn, sampleName, sampleOf, samplesOf, verdictOn } from "./followed.js";
import { subject } from "./microscope-subject.js";

/** @typedef {import("../types").Scene} Scene */

/** Of more hidden layers, those beside the one under the microscope and the outermost are shown. */
const MOST = 6;

/** Which of so many layers are shown. @param {number} count @param {number} focus */
const shownOf = (count, focus) =>
  Array.from({ length: count }, (_, i) => i).filter(
    (i) => count <= MOST || i === 0 || i === count - 1 || Math.abs(i - focus) <= 1,
  );

/**
 * @param {Scene} scene
 * @returns {import("../types").SampleWay | null} null where no sample is followed
 */
export function wayOf(scene) {
  const { t, events } = scene;
  const [sample, samples, found] = [sampleOf(scene), samplesOf(events), subject(scene)];
  const answer = sample !== null && found && verdictOn(scene, sample, found.network.name);
  const logits = sample !== null && found && logitsOn(scene, sample, found.network.name);
  if (sample === null || !samples || !found || !answer || !logits) return null;
  const { name: network, layers } = found.network;
  const hidden = layers.slice(0, -1).map(({ name }) => name);
  const shown = shownOf(hidden.length, hidden.indexOf(focusLayer(scene)));
  const steps = shown.map((i, at) => {
    const { value, unit } = followedAt(scene, sample, { network, layer: hidden[i], site: "output" });
    return {
      gap: at > 0 && shown[at - 1] < i - 1,
      focused: hidden[i] === focusLayer(scene),
      text: t("samples.unit", { layer: named(hidden[i], t), unit }),
      value: brief(value),
    };
  });
  return {
    key: [
      network,
      sample,
      t("locale"),
      scene.theme.name,
      focusLayer(scene),
      ...steps.map(({ value }) => value),
      logits.map(brief),
    ].join("|"),
    ...{ sample, samples, steps, logits, label: samples.labels[sample] },
    name: sampleName(scene, sample),
    color: css(colorsOf(scene)[found.index]),
    answer: t("samples.verdict", { ...answer, percent: Math.round(100 * answer.probability) }),
    says: t("samples.logits", { values: logits.map((one, i) => `${i}: ${brief(one)}`).join(", ") }),
  };
}
