export default {
  skip: "Skip to the charts", nav: "Runs and settings", controls: "Running", stage: "Charts", timeline: "Timeline", language: "Language",
  new_run: "New run", runs: "Runs", close: "Close", cancel: "Cancel", start: "Start", help: "What is this?",
  "theme.switch": "Light or dark", "link.copy": "Copy a link to this view",
  "save.png": "Save as PNG", "save.svg": "Save as SVG", "save.csv": "Save the numbers as CSV",

  pause: "Pause", resume: "Go on", step: "One step", stop: "Stop", pace: "Pace", learning_rate: "Learning rate", progress: "Progress",
  "pace.full": "full speed", "pace.value": "{pace} steps/s", "progress.of": "step {step} of {total}", "progress.at": "step {step}",
  "time.elapsed": "{elapsed} elapsed", "time.both": "{elapsed} elapsed, {left} left",

  "state.queued": "queued", "state.preparing": "preparing", "state.running": "running", "state.paused": "paused", "state.finished": "finished",
  "state.stopped": "stopped", "state.failed": "failed", "state.interrupted": "interrupted", "source.worker": "built-in worker", "source.script": "your own script",

  unreachable: "The server cannot be reached. The page keeps trying; what was received stays here.",
  "link.lost": "The connection is lost. Training goes on; the page will catch up as soon as it is back.", "link.retry": "Try now",
  "link.unknown": "There is no such run: it was deleted, or the link is of another server.",
  diverged: "{network} diverged at step {step}: its loss or gradient is no longer finite.", "diverged.show": "Show that step",
  failed: "The run failed: {reason}", interrupted: "The run was interrupted at step {step}: its server or worker ended. All that was recorded is here.",
  nonfinite: "{network}: {count} values not finite",

  "welcome.title": "What does batch normalization do to a network while it learns?",
  "welcome.text": "Two networks start from the same weights and see the same batches. One normalizes its layers, the other does not. Watch how the input of every layer shifts in each, step by step, and what that does to the gradients.",
  "welcome.start": "Start", "welcome.configure": "Choose the settings", "welcome.runs": "Earlier runs ({count})", "welcome.experiments": "Or start with a question",
  "waiting.loading": "Loading the run …", "waiting.queued": "Waiting for its turn …", "waiting.preparing": "Getting ready …", "waiting.running": "The first measurement is on its way …",
  "waiting.paused": "Paused before the first step", "waiting.finished": "This run holds no measurement", "waiting.stopped": "Stopped before the first measurement",
  "waiting.failed": "The run failed before its first measurement", "waiting.interrupted": "Interrupted before the first measurement",

  "setup.title": "New run", "setup.preset": "Begin with", "setup.own": "Own settings", "setup.name": "Name", "setup.name.hint": "made up when empty",
  "setup.refused": "Some settings cannot be used: see the marked fields.",
  "form.general": "Training", "form.kind": "kind", "form.item": "Network {number}", "form.remove": "Remove network {number}", "form.add": "Add a network", "form.bounds": "{low} to {high}",

  "runs.empty": "There are no runs yet. Start one: it takes a few seconds.", "runs.loading": "Loading the list …",
  rename: "Rename", "rename.ask": "A new name for this run:", again: "Run again", recording: "Recording", delete: "Delete",
  "delete.ask": "Delete {name} and its recording? This cannot be undone.", "delete.live": "Stop it first", "describe.batch": "batch {size}", "describe.seed": "seed {seed}",

  "timeline.play": "Replay", "timeline.pause": "Stop the replay", "timeline.first": "To the first step", "timeline.back": "One frame back", "timeline.on": "One frame on",
  "timeline.step": "Step shown in all charts", "timeline.speed": "Replay speed", "timeline.live": "Live",
  "event.diverged": "diverged", "event.learning_rate": "learning rate changed", "event.pace": "pace changed", "event.paused": "paused", "event.resumed": "went on", "event.note": "note",

  "axis.step": "step", "axis.value": "value", "axis.sigmas": "distance from the outline's mean, in its σ",
  "ridge.sigma": " σ", "ridge.nonfinite": "{count} not finite", scale: "Axis", "scale.sigma": "σ of the outline", "scale.value": "values", compare: "Outline: step",
  drift: "Drift", "drift.fitted": "drift since step 0, in σ",
  "drift.wasserstein_over_sigma_from_start": "Wasserstein since step 0, in σ", "drift.wasserstein_over_sigma_from_previous": "Wasserstein since the last frame, in σ",
  "drift.wasserstein_from_start": "Wasserstein since step 0", "drift.wasserstein_from_previous": "Wasserstein since the last frame",
  "drift.mean_shift_from_start": "mean shift since step 0, in σ", "drift.mean_shift_from_previous": "mean shift since the last frame, in σ",
  "drift.log_sigma_ratio_from_start": "|ln σ ratio| since step 0", "drift.log_sigma_ratio_from_previous": "|ln σ ratio| since the last frame",
  "drift.gaussian_kl_from_start": "Gaussian KL since step 0", "drift.gaussian_kl_from_previous": "Gaussian KL since the last frame",
  "density.ofpeak": "of the step's peak",

  "quantity.mean": "mean", "quantity.std": "standard deviation", "quantity.gradient_norm": "gradient norm", "quantity.saturated_fraction": "saturated", "quantity.zero_fraction": "zero",
  "quantity.update_ratio": "update / weight", "quantity.l2": "‖G − G′‖₂", "quantity.cosine": "cos(G, G′)", "quantity.loss": "loss", "quantity.accuracy": "accuracy",
  "quantity.gamma": "γ", "quantity.beta": "β", "curve.batch": "batch", "curve.train": "training set", "curve.test": "test set",

  "view.ridges": "Depth by network", "view.shift": "Shift map", "view.loss": "Loss and accuracy", "view.gradients": "Gradients", "view.moments": "Mean and spread",
  "view.affine": "γ and β", "view.density": "Time by value", "view.gradient_shift": "Gradient shift", "view.units": "Silent units", "view.updates": "Update size",
  "note.ridges": "input to each nonlinearity now, over the dotted outline", "note.shift": "brighter or darker is farther from step 0", "note.loss": "thin: batch, dotted: training set, bold: test set",
  "note.gradients": "pale: near the input, full: near the output", "note.moments": "pale: near the input, full: near the output", "note.affine": "one line a channel",
  "note.density": "one layer over all steps, with its 15, 50 and 85 % lines", "note.gradient_shift": "what the layers before change in a layer's gradient", "note.units": "share that passes no gradient on", "note.updates": "size of one step over the size of the weights",

  "help.ridges": "Each row is a layer, from the input at the bottom to the output at the top; each column is a network. The filled shape is the distribution of the layer's input to its nonlinearity now, the dotted line the same at the compared step (0 at first). Where the two part, the layer's input has shifted.\nThe axis counts from the outline's mean in units of its standard deviation (never taken below 0.001), so that layers of different sizes can be compared. Heights are relative to the outline's peak, and grow more slowly above it. A percentage at an edge is what lies beyond it.\nChoose a layer with a click: every chart follows.",
  "help.shift": "How far each layer's distribution has moved, layer by step, with one colour scale for all networks. Where the run measures drift on a fixed probe batch, that is shown; otherwise the distance between Gaussians fitted to the training batches: √(Δμ² + Δσ²) / σ₀.\nMore shift is not simply worse: often both networks train well. Compare with the gradients and the accuracy.",
  "help.loss": "The thin line is the loss (or accuracy) on each training batch as it is trained on. The dotted line is the whole training set and the bold line the test set, both in evaluation mode: batch norm uses its running statistics there.\nA line that ends is a network that diverged.",
  "help.gradients": "The norm of the loss's gradient for each layer's weights, on a logarithmic axis. Lines that spread apart with depth show a gradient that vanishes or explodes on its way back to the input.",
  "help.moments": "Mean and standard deviation of the input to each nonlinearity over the batch and all units. With batch norm before the activation, they are beta's mean and about gamma's size: batch norm moves its own outputs too, but by what it learns.",
  "help.affine": "Batch norm gives each channel a learned scale γ (it starts at 1) and shift β (it starts at 0). Each line is one channel of the chosen layer.",
  "help.density": "The distribution of the chosen layer at every step: the darker (or brighter) a cell, the more values lie there, relative to that step's own peak. The lines are percentiles.",
  "help.gradient_shift": "The second sense of internal covariate shift (Santurkar et al. 2018): a layer's gradient before and after the layers below it were updated, on the same batch. No shift is a distance of 0 and a cosine of 1. It need not agree with the drift of the distributions, and often does not.",
  "help.units": "Saturated: the share of activations where the nonlinearity is flat (sigmoid, tanh). Zero: the share of exactly zero outputs (ReLU). Such units pass no gradient on.",
  "help.updates": "The norm of one optimizer update over the norm of the weights it changes. About 0.001 is common; much more is unstable, much less hardly learns.",

  "ridges.summary": "{network}: {layer} has moved most, by {drift} sigma", "shift.summary": "{network}: most drift in {layer}, {drift}", "density.summary": "{network}, {layer}: 15 % below {low}, half below {middle}, 85 % below {high}",

  "field.dataset": "Data", "field.variants": "Networks", "field.network": "Architecture", "field.optimizer": "Optimizer", "field.batch_size": "batch size", "field.duration": "Duration",
  "field.seed": "seed", "field.pace": "pace", "field.recording": "Recording", "field.on_divergence": "on divergence", "field.normalization": "Normalization", "field.name": "name",
  "field.learning_rate": "learning rate", "field.momentum": "momentum", "field.depth": "depth", "field.width": "width", "field.activation": "activation", "field.init": "initialization",
  "field.place": "place", "field.eps": "ε", "field.affine": "γ and β", "field.steps": "steps", "field.epochs": "epochs", "field.frames": "frames", "field.every": "every", "field.alpha": "α", "field.beta1": "β₁", "field.beta2": "β₂",
  "option.digits": "digits", "option.mnist": "MNIST", "option.none": "none", "option.batch": "batch normalization", "option.mlp": "multilayer perceptron", "option.sgd": "SGD", "option.rmsprop": "RMSprop", "option.adam": "Adam",
  "option.relu": "ReLU", "option.momentum": "SGD with momentum", "option.steps": "steps", "option.epochs": "epochs", "option.thinning": "dense first, then thinning", "option.every": "every n-th step",
};
