/** Texts of the experiments: gallery, trial, verdict, guided tour. */
export default {
  home: "To the start page",
  "gallery.title": "Experiments", "gallery.lead": "{count} claims about batch normalization. Each is a question, a run of a minute or so, and a verdict by measured numbers.", "gallery.all": "All experiments",
  "group.training": "Does it train better?", "group.shift": "The shift itself", "group.signal": "Gradients, beginnings, inputs", "group.batches": "Batches, noise and use",
  "group.inside": "What it is, and where it goes", "group.others": "Other normalizations", "group.more": "More",

  "experiment.number": "Claim {number}", "experiment.prediction": "What the claim says", "experiment.watch": "What to watch", "experiment.formulae": "Formulae", "experiment.rule": "How it is judged",
  "experiment.runs": "Runs", "experiment.sources": "Sources", "experiment.trials": "Done before", "experiment.quick": "Start (quick)", "experiment.full": "Start in full ({runs} runs)", "experiment.full.one": "Start in full",
  "experiment.quick_note": "Quick: {note}",

  "trial.which": "run {at} of {of}", "trial.going_on": "going on", "trial.without": "no verdict", "trial.results": "Results", "trial.change": "Change one thing",
  "verdict.supported": "supported", "verdict.not_supported": "not supported", "verdict.depends": "it depends",
  "verdict.supported.title": "Supported", "verdict.not_supported.title": "Not supported", "verdict.depends.title": "It depends",
  "verdict.none": "No verdict", "verdict.not_yet": "No verdict yet", "verdict.waiting": "{count} of {of} runs have finished. The verdict comes when all have.", "verdict.broken": "The run “{run}” did not finish ({state}): {reason}", "verdict.no_reason": "it was ended by hand",
  "verdict.claimed": "The claim:", "verdict.holds": "holds", "verdict.fails": "does not hold", "verdict.table": "Each side's figures", "verdict.figures": "All that was measured", "verdict.figure": "Figure",
  "verdict.quick": "This was the quick variant. {note}",

  guide: "Guide", "guide.step": "Look {at} of {of}", "guide.next": "Next", "guide.back": "Back", "guide.done": "Done", "guide.close": "End the guided tour", "guide.change": "Then change one thing:",

  "view.sweep": "Runs side by side", "note.sweep": "one panel a run, seeds over each other", "sweep.quantity": "Show",
  "help.sweep": "Each panel is one run of this experiment, with the same vertical axis for all. Each line is a network; thinner lines are further seeds.\nA line that ends early is a network that diverged.",
  "sweep.summary": "{label}, {network}: {quantity} {value} at the end",
  "view.surface": "The loss surface", "note.surface": "contours of the loss, and the way down",
  "help.surface": "The loss of a linear model as a function of its two weights. Brightness and contours show its logarithm; the cross is the lowest point.\nThe line is the path of gradient descent with the best constant step. In a long valley it must crawl; in a round bowl it walks straight to the bottom.",
  "surface.summary": "{label}: {steps} steps of descent, loss from {from} to {to}", "surface.step": "Step of gradient descent", "surface.play": "Watch the descent", "surface.pause": "Stop here", "surface.at": "{label}: step {step} of {steps}, loss {loss}",
  "input.age": "age", "input.height": "height",
  "quantity.test_accuracy": "test accuracy", "quantity.test_loss": "test loss", "quantity.train_accuracy": "training accuracy", "quantity.train_loss": "training loss", "event.measured": "measured for the verdict",
};
