/** Shapes that travel between the page's modules. The wire's own are described in docs/protocol.md. */

export interface LayoutEntry {
  network: string;
  layer: string;
  site: string;
  quantity: string;
  unit: string;
  shape: number[];
  offset: number;
  coordinates: number[] | null;
}
export interface Layout {
  stream: number;
  /** grows where a stream is laid out anew; missing in what older versions recorded */
  revision?: number;
  name: string;
  entries: LayoutEntry[];
}
export interface LayerInfo {
  name: string;
  features: number;
  /** type and sizes, for people; missing or empty in what older versions recorded */
  label?: string;
  activation: string;
  normalization: string;
}
export interface NetworkInfo {
  name: string;
  layers: LayerInfo[];
}
export interface RunHeader {
  networks: NetworkInfo[];
  layouts: Layout[];
  total_steps: number | null;
}
export interface Amount {
  cpus: number;
  gpus: number;
  memory: number;
}
/** What trains the runs: this server itself, or a cluster's nodes. */
export interface Cluster {
  launcher: "local" | "ray";
  nodes: { name: string; has: Amount }[];
  free: Amount;
  /** why there is no connection to the cluster */
  trouble: Notice | null;
  /** of the cluster, while there is no connection: for who controls alone */
  address: string;
  /** what was found instead of it: for who controls alone */
  error: string;
}
export type RunState =
  | "queued"
  | "preparing"
  | "running"
  | "paused"
  | "finished"
  | "stopped"
  | "failed"
  | "interrupted";
export interface Run {
  id: string;
  name: string;
  /** the name, where the program made it up */
  title: Notice | null;
  /** what of the recording cannot be read or lacks */
  damage: Notice | null;
  /** the recording's, without its folder */
  file: string;
  /** the id that another file has, too */
  copy_of: string | null;
  state: RunState;
  reason: Notice | null;
  source: "worker" | "script";
  config: Record<string, any> | null;
  step: number;
  total_steps: number | null;
  /** null, or not there, where nobody knows */
  steps_per_epoch?: number | null;
  created: number;
  started: number | null;
  ended: number | null;
  elapsed: number;
  pace: number | null;
  learning_rate: number | null;
  preparing: (Said & { fraction: number | null }) | null;
  /** why nothing comes of a run that is under way: no connection to what trains it */
  absence?: Notice | null;
  seq: number;
  trial?: TrialPart | null;
  /** what the run went on from, where it did not begin anew */
  forked?: { run: string; step: number } | null;
  /** its place in the queue, from 1, while it waits for its turn */
  place?: number | null;
  /** whether it has begun, and goes on when there is a place for it */
  waiting?: boolean;
  /** the machine of a cluster that it was last given a place on; empty for the server's own */
  node?: string;
  /** which browser of a shared server started it */
  owner?: string;
  /** what those are called together who started it, where who looks may start runs */
  group?: string;
  /** what is done to each network that something was done to */
  interventions?: Record<string, Intervention>;
}
/** What is done to a network while it trains. */
export interface Intervention {
  freeze_below: string | null;
  bn_strength: number;
  freeze_affine: boolean;
  noise: number;
}
/** What the program says: which sentence, what its {blanks} stand for, and the whole in English. */
export interface Notice {
  code: string;
  values: Record<string, NoticeValue>;
  text: string;
}
export type NoticeValue = string | number | Notice | (string | Notice)[];
/** A notice whose text is called a message: an event's, say. */
export interface Said {
  message: string;
  code?: string;
  values?: Notice["values"];
}
/** What is wrong with a field of a request. */
export interface FieldRefusal {
  loc: (string | number)[];
  msg: string;
  code?: string;
  values?: Notice["values"];
}
export interface RunEvent extends Said {
  time: number;
  step: number;
  kind: string;
  network: string;
  layer: string;
  value?: unknown;
}
/** A message of the program in English, what its {blanks} stand for, and the whole in English. */
export interface Text {
  message: string;
  values: Record<string, string | Text>;
  text: string;
}
/** A text of the program: its English, or a message with values. */
export type Words = string | Text;
/** A language's file. */
export interface Catalogue {
  language: string;
  /** the page's texts by key */
  texts: Record<string, string>;
  /** the program's texts by their English */
  messages: Record<string, string>;
  /** what it says of runs and requests, by code */
  notices: Record<string, string>;
}
export interface Experiment {
  id: string;
  claim: number;
  /** heading of the gallery under which it stands */
  group: string;
  title: string;
  question: string;
  prediction: string;
  watch: string;
  change: string;
  rule: string;
  quick_note: string;
  tour: { view: string; text: string; run: string }[];
  formulae: string[];
  sources: { title: string; url: string }[];
  views: string[];
  layer: string;
  seeds: number;
  surfaces: QuadraticLoss[];
  runs: { label: string; config: Record<string, any> }[];
  quick: { label: string; config: Record<string, any> }[];
  config: Record<string, any>;
  /** config of a next run with one thing changed */
  next: Record<string, any>;
}
export interface TrialPart {
  id: string;
  experiment: string;
  label: string;
  seed: number;
  runs: number;
  quick: boolean;
}
/** Where a part of a claim can be seen. */
export interface Evidence {
  view: string;
  /** label of a run; empty: whichever is shown */
  run: string;
  /** null: the end */
  step: number | null;
  choices: Record<string, string>;
}
export interface VerdictPart {
  outcome: "holds" | "fails" | "undecided";
  says: Words;
  numbers: Words;
  evidence: Evidence | null;
}
export interface Verdict {
  kind: "supported" | "not_supported" | "depends" | "undecided";
  sentence: Words;
  parts: VerdictPart[];
  table: { columns: Words[]; rows: Words[][] };
}
export interface TrialRun {
  label: string;
  seed: number;
  run: Run;
  measured: Record<string, number | string> | null;
}
export interface Trial {
  id: string;
  experiment: string;
  quick: boolean;
  created: number;
  runs: TrialRun[];
  ended: boolean;
  verdict: Verdict | null;
  reason: Notice | null;
}
/** A run's losses in a few points; null where a loss was not finite. */
export interface LossCurves {
  seq: number;
  steps: number[];
  networks: { network: string; normalized: boolean; loss: (number | null)[]; test_accuracy: number | null }[];
}
/** What is read of a run that has ended. */
export interface Reading {
  networks: NetworkInfo[];
  /** `logged` by a script under a name of its own; of no network where that is empty */
  curves: { network: string; quantity: string; steps: number[]; values: number[]; logged?: boolean }[];
  data: Record<string, any>;
}
/** The runs of one label, a reading a seed. */
export interface Panel {
  label: string;
  readings: Reading[];
}
/** A loss that is quadratic in two weights: its Hessian, and the weights where it is lowest. */
export interface QuadraticLoss {
  label: string;
  inputs: [string, string];
  hessian: [[number, number], [number, number]];
  lowest: [number, number];
}
/** What the chart of an experiment's losses reads. */
export interface SurfaceScene extends Scene {
  surfaces: QuadraticLoss[];
  /** steps of descent shown, whole or between two */
  at: number;
  /** the learning rate, as a share of the largest that does not diverge */
  share: number;
}
/** What the charts of a whole trial read. */
export interface TrialScene extends Scene {
  panels: Panel[];
}

/** Where a quantity stands: its stream, and how many of that stream's floats it takes. */
export interface Entry extends LayoutEntry {
  stream: number;
  size: number;
}

/** What a person chose to see; all of it is in the page's link. */
export interface Selection {
  layer: string | null;
  /** the step shown; null follows the live end */
  step: number | null;
  /** number of the sentence that was gone to, where its step has more than one; of another step it is void */
  told: number | null;
  /** the step that outlines and distances are compared with */
  compare: number;
  unit: number | null;
  /** ids of the charts shown; null shows all */
  charts: string[] | null;
  /** what was chosen in single charts, by the names that their views declare */
  choices: Record<string, string>;
}

/** Colours of the surroundings, so that figures stay pure. */
export interface Theme {
  name: "light" | "dark";
  ink: string;
  muted: string;
  faint: string;
  grid: string;
  surface: string;
  reference: string;
  bad: string;
}

export interface Translate {
  /** a text of the page */
  (key: string, values?: Record<string, string | number>): string;
  /** what an English message of the program is in the page's language, its blanks still open */
  message(english: string): string;
  /** what a notice's code is in the page's language, its blanks still open; English has none */
  notice(code: string): string | undefined;
}

/** Everything that a view may read. */
export interface Scene {
  run: Run;
  header: RunHeader;
  events: RunEvent[];
  layoutIndex: import("./stream/layout-index.js").LayoutIndex;
  history: import("./stream/run-history.js").RunHistory;
  selection: Selection;
  theme: Theme;
  t: Translate;
  /** last step of the time axis; it grows by doubling, so that the axis seldom moves */
  span: number;
  /** the charts' width is small: fewer ticks, smaller margins */
  narrow: boolean;
}

export interface Figure {
  data: Record<string, any>[];
  layout: Record<string, any>;
}

/**
 * One axis of a drawn figure: pixel = slope * value + intercept, inside the plot. Log axes take log10 of the value.
 */
export interface Axis {
  slope: number;
  intercept: number;
  offset: number;
  length: number;
  log: boolean;
  range: [number, number];
}
export interface Mapping {
  x: Axis;
  y: Axis;
}

/** A line over steps: column `offset` of `stream`. */
export interface Series {
  stream: number;
  offset: number;
  axes: string;
  color: string;
  width: number;
  name: string;
  dash?: number[];
  /** how many recorded values the running mean is over that is shown of it, beside the values themselves */
  mean?: number;
  /** the same, where this line is that running mean */
  smooth?: number;
  /** where a frame stands on the axis along the run, by its slot; not there where that counts steps */
  x?: (slot: number) => number;
  /** one of many: its values are read from the kept rows, no column of its own is held */
  many?: boolean;
}
/** Cells over steps: `paint` fills one column of `out`, bottom to top, as ABGR words. */
export interface Raster {
  stream: number;
  axes: string;
  paint(slot: number, out: Uint32Array, y: Axis, ratio: number): unknown;
}
/** What moves in one frame of a ridge: the points of a trace, and texts. */
export interface Shape {
  trace: number;
  x: Float64Array;
  y: Float64Array;
}
/** What is said of a trace's points, at which someone may point: numbers of each. */
export interface Hover {
  trace: number;
  numbers: number[][];
}
export interface Label {
  trace: number;
  texts: string[];
}

/** A name at the end of a line: `place` is where that is on the axis along the run. */
export interface End {
  axes: string;
  text: string;
  place: number;
  value: number;
}

/** Something to choose above a chart. What it does is an action of the store. */
export interface Control {
  kind: "select" | "number" | "switch";
  name: string;
  label: string;
  value: string;
  /** of a select, or of a switch, which shows all of them */
  options?: { value: string; text: string }[];
  /** of a number */
  max?: number;
  change(value: string): import("./app/store.js").Action;
}
/** What a style of a chart's lines or fields means; its swatch may run through several colours. */
export interface LegendItem {
  text: string;
  colors?: string[];
  width?: number;
  dash?: "dot" | "field";
  /** lengths of strokes and gaps of a line that is dashed */
  pattern?: number[];
}
/** An element of MathML, as data. */
export interface Formula {
  tag: string;
  attributes?: Record<string, string>;
  children: (Formula | string)[];
}

/** The way of a followed sample through one network, which is drawn above a chart. */
export interface SampleWay {
  key: string;
  sample: number;
  samples: import("./views/followed.js").Samples;
  /** the sample in words, its class, what the network makes of it, and its logits in words */
  name: string;
  label: number;
  answer: string;
  says: string;
  color: string;
  logits: number[];
  /** one unit of each layer; `gap`: layers before it are left out */
  steps: { text: string; value: string; gap: boolean; focused: boolean }[];
}

/** Charts that are read together, by the texts `level.<id>` and `level.<id>.text`. */
export interface Level {
  id: string;
  views: View[];
}

/** One chart: all that the page knows of it beside its texts `view.<id>`, `note.<id>` and `help.<id>`. */
export interface View {
  id: string;
  /** the room that its card takes: one of the small ones beside each other unless told otherwise */
  size?: "tall" | "wide" | "deep";
  /** how many rows of panels it has, where that decides its height */
  panelRows?(scene: Scene): number;
  /** names of its own choices, which stand in the link */
  choices?: string[];
  /** what can be chosen for it */
  controls?(scene: Scene): Control[];
  /** what the styles of its lines and fields mean */
  legend?(scene: Scene): LegendItem[];
  /** a warning beside its title; empty for none */
  badge?(scene: Scene): string;
  /** equations above it, and what they depend on; null for none */
  equations?(scene: Scene): { key: string; equations: Formula[] } | null;
  /** the way of the sample that is followed, above it; null for none */
  way?(scene: Scene): SampleWay | null;
  /** which streams make the chart move */
  streams(scene: Scene): number[];
  available(scene: Scene): boolean;
  /** what its card says where there is nothing to draw and a script could change that; null for no card */
  missing?(scene: Scene): { text: string; code: string } | null;
  figure(scene: Scene, settled?: boolean): Figure;
  /** its axes follow the values, though nothing is drawn over steps */
  fits?: boolean;
  /** changes when the figure must be laid out anew */
  key(scene: Scene): string;
  /** a sentence that says what the chart shows now */
  summary(scene: Scene): string;
  table(scene: Scene): (string | number)[][];
  /** how many recorded frames its table lacks, because the page let their rows go */
  leftOut?(scene: Scene): number;
  series?(scene: Scene): Series[];
  rasters?(scene: Scene): Raster[];
  ends?(scene: Scene): End[];
  shapes?(scene: Scene): Shape[];
  labels?(scene: Scene): Label[];
  /** what is said of the shapes' points, as they are now: `customdata` of their traces */
  hovers?(scene: Scene): Hover[];
  /** what a click on a point of trace means */
  pick?(scene: Scene, point: any): Partial<Selection> | null;
}
