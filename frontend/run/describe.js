/** What a run is, in a line. */

/** @typedef {import("../types").Run} Run */

/** @param {Record<string, any>} network @param {import("../types").Translate} t */
const activationOf = ({ activation }, t) => (activation ? t(`option.${activation}`) : "");

/** How deep a network is and how wide its layers are, as far as it has either. @param {Record<string, any>} network */
const sizeOf = ({ depth, width, channels }) => [depth, width ?? channels].filter(Boolean).join(" × ");

/** What stands between the parts of that line. */
export const BETWEEN = " · ";

/** The settings that tell runs apart, in a few words. @param {Run} run @param {import("../types").Translate} t */
export function describe(run, t) {
  const { config } = run;
  if (!config) return t(`source.${run.source}`);
  const network = config.network ?? {};
  const parts = [
    config.dataset?.kind && t(`option.${config.dataset.kind}`),
    [sizeOf(network), activationOf(network, t)].filter(Boolean).join(" "),
    config.optimizer && `${t(`option.${config.optimizer.kind}`)} ${config.optimizer.learning_rate}`,
    config.batch_size && t("describe.batch", { size: config.batch_size }),
    config.replicas > 1 && t("describe.replicas", { count: config.replicas }),
    t("describe.seed", { seed: config.seed }),
  ];
  return parts.filter(Boolean).join(BETWEEN);
}
