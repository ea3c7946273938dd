/** What a run is, in a line. */

/** @typedef {import("../types").Run} Run */

/** @param {Record<string, any>} network @param {import("../types").Translate} t */
const activationOf = ({ activation }, t) => (activation ? t(`option.${activation}`) : "");

/** The settings that tell runs apart, in a few words. @param {Run} run @param {import("../types").Translate} t */
export function describe(run, t) {
  const { config } = run;
  if (!config) return t(`source.${run.source}`);
  const network = config.network ?? {};
  const parts = [
    config.dataset?.kind && t(`option.${config.dataset.kind}`),
    network.depth && [`${network.depth} × ${network.width}`, activationOf(network, t)].filter(Boolean).join(" "),
    config.optimizer && `${t(`option.${config.optimizer.kind}`)} ${config.optimizer.learning_rate}`,
    config.batch_size && t("describe.batch", { size: config.batch_size }),
    t("describe.seed", { seed: config.seed }),
  ];
  return parts.filter(Boolean).join(" · ");
}
