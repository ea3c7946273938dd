"""What the program says to people: each sentence stands here once, in English, under a code.

A notice travels as its code and values, so that whoever shows it can word it in another language
(translations/TAG.json, "notices"), and as English text, for scripts and logs. What a person or a script of theirs
says has a text and no code.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

MAX_SENTENCE = 4000
"""Longest text that is kept, in characters: the message of an error may be longer, and is cut."""


def _cut(text: str) -> str:
    return text[: MAX_SENTENCE - 1] + "…" if len(text) > MAX_SENTENCE else text


Sentence = Annotated[str, AfterValidator(_cut)]
"""A text of bounded length."""


class Notice(BaseModel):
    """One thing that the program says. Frozen; `str()` gives the English text."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    code: str = Field("", max_length=80, description="which sentence it is; empty for a text of somebody's own")
    values: Values = Field({}, description="what its {blanks} stand for")
    text: Sentence = Field(description="the whole in English")

    def __str__(self) -> str:
        return self.text


Value = str | int | float | Notice | tuple[str | Notice, ...]
"""What a blank stands for: words as they are, a number, another notice, or several."""
Values = Annotated[Mapping[str, Value], Field(max_length=20)]
Notice.model_rebuild()


class NoticeError(Exception):
    """An error with a message for people; `str()` gives it in English."""

    def __init__(self, message: Notice | str) -> None:
        self.notice = as_notice(message)
        super().__init__(self.notice.text)


def notice(code: str, **values: Value) -> Notice:
    """Return the notice of a code. Raises KeyError when there is no such code, or a value lacks."""
    text = _BLANK.sub(lambda found: _worded(values[found[1]]), ENGLISH[code])
    return Notice(code=code, values={name: _as_json(value) for name, value in values.items()}, text=text)


def as_notice(message: Notice | str | BaseException) -> Notice:
    """Return a notice as it is, that of an error, or a text as a notice without a code."""
    if isinstance(message, Notice):
        return message
    return message.notice if isinstance(message, NoticeError) else Notice(text=str(message))


def _as_json(value: Value) -> Value:
    """Return a value as JSON can hold it, which has no number for what is not finite."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _worded(value: Value) -> str:
    match value:
        case int():
            return f"{value:,}"
        case float():
            return number_text(value)
        case tuple():
            return ", ".join(map(str, value))
    return str(value)


_RAISED: Final = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def number_text(value: float) -> str:
    """Return a number for people, six significant digits; a large or small one as 1.1 · 10¹⁹."""
    digits, _, exponent = f"{value:g}".partition("e")
    return f"{digits} · 10{str(int(exponent)).translate(_RAISED)}" if exponent else digits


_BLANK = re.compile(r"\{(\w+)\}")

ENGLISH: Mapping[str, str] = {
    # States of a run, where they stand in a sentence.
    "state.queued": "queued",
    "state.preparing": "preparing",
    "state.running": "running",
    "state.paused": "paused",
    "state.finished": "finished",
    "state.stopped": "stopped",
    "state.failed": "failed",
    "state.interrupted": "interrupted",
    # Why a run ended.
    "end.before_start": "stopped before it began",
    "end.before_training": "stopped before it began to train",
    "end.stopped_while": "stopped while {state}",
    "end.stopped_at": "stopped after {done} of {total} steps",
    "end.on_divergence": "{network} diverged at step {step}; the run was set to stop then",
    "end.dismissed": "stopped from the page; the script that sent it may go on",
    "end.interrupted": "interrupted",
    "end.keyboard": "interrupted from the keyboard",
    "end.nothing_seen": "nothing was recorded: no forward and backward pass of {networks} was seen",
    "end.no_backward": "nothing was recorded: {networks} ran, and no backward pass through it was seen; where it is "
    "trained without one, call step() of the scope after each update",
    "end.no_update": "nothing was recorded: passes through {networks} were seen, and no update of it; where the "
    "optimizer is compiled or not torch's, call step() of the scope after each update",
    "end.networks_gone": "the script no longer has {networks}: there is nothing more to record",
    "end.replaced": "replaced: the cell was run again",
    "end.terminated": "the process was asked to end (SIGTERM)",
    "end.watched_anew": "replaced: the network was watched anew",
    "end.server_shut_down_while": "the server was shut down while the run was {state}",
    "end.server_ended": "the server ended while the run was {state} at step {step}",
    "end.server_failed": "the server failed at the run while that was {state} ({error}); its log has more",
    "end.not_started": "the run could not be started: {error}",
    "end.recording_removed": "its recording was removed while it was under way",
    "end.link_changed": "the link with which its script sends was changed: it goes on in a file",
    "end.script_left": "its script closed the connection",
    "end.script_absent": "its script has not come back for {minutes} minutes; should it yet, the run goes on",
    "end.producer_refused": "its producer was refused: {error}",
    "end.producer_lost": "its producer was lost: {error}",
    "end.node_died": "the node {node}, which trained it, died or was cut off",
    "end.place_lost": "the process that trained it on {node} was lost: {error}",
    "end.place_failed": "it could not be trained on the node that it was given: {error}",
    "end.cluster_lost": "the connection to the Ray cluster was lost",
    "end.restarted_in_vain": "{error}; it had gone on {times} times from step {step}, and does not do so again",
    "end.checkpoint": "its checkpoint is not one that it could go on from: {error}",
    "end.state_gone": "the state at step {step} from which it goes on is not there any more, or is not whole",
    "end.first_step": "the first step that it made from its checkpoint failed: {error}",
    "end.replica_killed": "replica {replica} of {of} was killed by {signal}: without it there is no further step",
    "end.replica_exited": "replica {replica} of {of} ended with exit code {exit_code}: without it there is no further "
    "step",
    "end.replica_silent": "the replicas have not begun: {error}",
    "end.worker_silent": "the worker ended without a word",
    "end.worker_killed": "the worker was killed by {signal}",
    "end.worker_killed_saying": "the worker was killed by {signal}: {words}",
    "end.worker_exited": "the worker ended with exit code {exit_code}",
    "end.worker_exited_saying": "the worker ended with exit code {exit_code}: {words}",
    # Why nothing comes of a run that is under way.
    "absence.lost": "there is no connection to its script",
    "absence.server_shut_down": "the server was shut down, and its script has not come back",
    "absence.server_ended": "the server ended, and its script has not come back",
    "absence.goes_on": "the server ended, and its worker with it: it goes on when there is a place for it",
    "absence.place": "the machine that trained it is gone: it goes on when there is another place for it",
    "absence.not_kept": "what its script sends cannot be kept: {error}",
    "absence.file": "its script writes this recording itself; what it had written when the server started is shown",
    "absence.over": "its script is back",
    # What a run waits for.
    "wait.worker": "starting a worker (the first on a machine compiles for half a minute)",
    "wait.data": "loading the data",
    # What a run waits for on a cluster.
    "wait.connecting": "looking for the Ray cluster",
    "wait.cluster": "waits for the Ray cluster, with which there is no connection",
    "wait.no_such_node": "waits for a node with {asked}: the cluster has none",
    "wait.node": "waits for a node with {asked} free",
    "wait.cpus": "waits for {asked} CPUs; {free} are free",
    "wait.gpus": "waits for {asked} GPUs; {free} are free",
    "wait.memory": "waits for {asked} GiB of memory; {free} are free",
    "resources.cpus": "{count} CPUs",
    "resources.gpus": "{count} GPUs",
    "resources.memory": "{gib} GiB of memory",
    "wait.networks": "building the networks",
    "wait.replicas": "starting {count} replicas",
    "wait.download": "Downloading {file}",
    "wait.reading": "Reading {title}",
    # What happened to a run.
    "event.loss_not_finite": "{network} diverged at step {step}: its loss is {loss}",
    "event.values_not_finite": "{network} diverged at step {step}: {count} values are not finite",
    "event.frames_dropped": "{count} frames were dropped between the steps {first} and {last}: there was no room",
    "event.probe_failed": "the probe '{probe}' failed and measures no more; training goes on. {error}",
    "event.probe_layer_failed": "the probe '{probe}' failed at {layer} and measures no more there; the other "
    "measurements and training go on. {error}",
    "event.scope_failed": "the scope failed and measures nothing more; training goes on. {error}",
    "event.on_event_failed": "on_event failed and is not called any more: {error}",
    "event.goes_on": "goes on at step {step} from {run}",
    "event.update_skipped": "{network}: the update was skipped, its gradients are not finite",
    "event.log_refused": "what is logged as {name} is not recorded: {error}",
    "event.layer_added": "{layer} was added after the recording began and is not recorded",
    "event.too_many_layouts": "other layers run at nearly every step: from here on, NaN stands for those that do not",
    "event.streams_dropped": "the layers have changed too often: a recording has no more room for {streams}",
    "event.device_full": "the device has no room left to measure everything: what did not fit is NaN at such steps",
    "event.late_frames_dropped": "the device has not sent the numbers of the last {count} frames: they are left out",
    "event.renamed": "renamed to {name}",
    "event.pace_set": "pace: {pace} steps/s",
    "event.full_speed": "pace: full speed",
    "event.learning_rate_set": "learning rate: {rate}",
    "event.state_kept": "the state at step {step} was kept",
    "event.placed": "on {node}",
    "event.restart": "{reason}: it goes on from its checkpoint at step {step}",
    "event.restart_anew": "{reason}: it begins again at step {step}, as it had kept no checkpoint",
    "event.forked_from": "forked from {name} at step {step}",
    "event.forked": "forked: {name}",
    "event.state_not_kept": "the state could not be kept: {error}",
    "event.frozen_below": "{network}: the layers below {layer} are frozen",
    "event.bn_strength": "{network}: BN strength {strength}",
    "event.affine_frozen": "{network}: gamma and beta are frozen",
    "event.affine_released": "{network}: gamma and beta are trained again",
    "event.noise": "{network}: noise of standard deviation {std} after BN",
    "event.no_noise": "{network}: no noise after BN",
    "event.released": "{network}: all layers are trained again",
    # What the narrator finds in what was recorded (narration/).
    "narration.still_smaller": "{name} has not begun to learn: its loss is {loss}, at the start it was {first}. The "
    "gradient at {layer_name} is {times} times smaller than that of {other} ({gradient} against {its}).",
    "narration.still": "{name} has not begun to learn: its loss is {loss}, at the start it was {first}.",
    "narration.wakes": "{name} wakes up: its loss has fallen from {first} to {loss}.",
    "narration.wakes_moving": "{name} wakes up: its loss has fallen from {first} to {loss}, and between the steps "
    "{since} and {until} {layer_name} went from {before} σ to {drift} σ away from its start (Wasserstein).",
    "narration.silent": "{name}: {percent} % of the units of {layer_name} give 0 for every sample.",
    "narration.silent_stopped": "{name}: {percent} % of the units of {layer_name} give 0 for every sample, and no "
    "gradient reaches the first layer: the network has stopped learning.",
    "narration.silent_values": "{name}: {percent} % of what {layer_name} gives out is 0.",
    "narration.silent_values_stopped": "{name}: {percent} % of what {layer_name} gives out is 0, and no gradient "
    "reaches the first layer: the network has stopped learning.",
    "narration.saturated": "{name}: {percent} % of what {layer_name} gives out is saturated: hardly any gradient "
    "passes there.",
    "narration.saturated_stopped": "{name}: {percent} % of what {layer_name} gives out is saturated, and no gradient "
    "reaches the first layer: the network has stopped learning.",
    "narration.origin": "{name}: the first layer with values that are no numbers is {layer_name}.",
    "narration.origin_gradient": "{name}: all layers give numbers, but the gradient of {layer_name} is none any more.",
    "narration.diverged": "{name} diverged: its loss is no number any more. At step {before} it was {loss}.",
    "narration.vanishing": "{name}: the gradient vanishes on its way back. At {first} it is {times} times smaller "
    "than at {last} ({small} against {large}).",
    "narration.exploding": "{name}: the gradient grows on its way back. At {first} it is {times} times larger than at "
    "{last} ({large} against {small}).",
    "narration.huge_gradient": "{name}: the gradient explodes. Its norm at {layer_name} is {gradient}.",
    "narration.moved_farther": "The hidden layers of {name} have moved {times} times farther than those of {other}: "
    "{layer_name} by {drift} σ since the start (Wasserstein), against {other_drift} σ of {other_layer}. The output "
    "layers, which have to move: {output} σ and {other_output} σ.",
    "narration.moved_farther_while_still": "The hidden layers of {name} have moved {times} times farther than those "
    "of {other}, which has not begun to learn: {layer_name} by {drift} σ since the start (Wasserstein), against "
    "{other_drift} σ of {other_layer}. The output layers, which have to move: {output} σ and {other_output} σ.",
    "narration.moved_farther_hidden": "The hidden layers of {name} have moved {times} times farther than those of "
    "{other}: {layer_name} by {drift} σ since the start (Wasserstein), against {other_drift} σ of {other_layer}.",
    "narration.moved_farther_hidden_while_still": "The hidden layers of {name} have moved {times} times farther than "
    "those of {other}, which has not begun to learn: {layer_name} by {drift} σ since the start (Wasserstein), against "
    "{other_drift} σ of {other_layer}.",
    "narration.equal_loss": "At equal loss: {name} reached {loss} at step {early}, {other} at step {late}.",
    "narration.equal_loss_moved": "At equal loss: {name} reached {loss} at step {early} and {other} at step {late}. "
    "The hidden layers that had moved most then (Wasserstein, since the start): {layer_name} of {name} by {drift} σ, "
    "{other_layer} of {other} by {other_drift} σ.",
    "narration.accuracy": "{name} reaches a test accuracy of {percent} %.",
    "narration.overtakes": "{name} overtakes {other}: its loss is {loss}, the other's {other_loss}.",
    "narration.learning_rate": "The learning rate went from {before} to {after} at step {since}. Since then: {found}.",
    "narration.intervened": "{name}, {what} since step {since}: {found}.",
    "narration.end": "At the end: {found}.",
    "narration.part.network": "{name} ({found})",
    "narration.part.layer": "layer {number}",
    "narration.part.no_loss": "no loss is recorded",
    "narration.part.loss_lower": "the loss of {name} fell from {before} to {after}",
    "narration.part.loss_higher": "the loss of {name} rose from {before} to {after}",
    "narration.part.loss_about": "the loss of {name} stayed about the same ({before}, {after})",
    "narration.part.diverged": "diverged",
    "narration.part.loss": "loss {loss}",
    "narration.part.accuracy": "{percent} % on the test set",
    "narration.part.accuracy_at": "{percent} % on the test set at step {step}",
    "narration.part.frozen": "{first} to {last} frozen",
    "narration.part.frozen_one": "{layer} frozen",
    "narration.part.released": "all layers learning again",
    "narration.part.bn_strength": "BN strength {strength}",
    "narration.part.affine_frozen": "gamma and beta frozen",
    "narration.part.affine_released": "gamma and beta learning again",
    "narration.part.noise": "noise of standard deviation {std} after BN",
    "narration.part.no_noise": "no noise after BN",
    "narration.part.input_still": "the input of {layer} stands still: its centre moved by {moved} σ in {steps} steps, "
    "in the {before_steps} steps before by {before} σ ({layer} itself goes on learning)",
    "narration.part.input_moved": "the centre of the input of {layer} moved by {moved} σ in {steps} steps, in the "
    "{before_steps} steps before by {before} σ",
    "narration.part.layer_moved": "{layer} went from {last} σ to {drift} σ away from its start (Wasserstein) in "
    "{steps} steps, in the {before_steps} steps before from {before} σ to {last} σ",
    "narration.part.silent_units": "{percent} % of the units of {layer} give 0 for every sample",
    "narration.part.silent_values": "{percent} % of what {layer} gives out is 0",
    "narration.part.stopped": "no gradient reaches its first layer",
    "narration.part.moved_since": "of the hidden layers {layer} moved most, by {drift} σ since the start (Wasserstein)",
    "narration.part.moved": "of the hidden layers {layer} moved most, by {drift} σ",
    "narration.part.output_moved": "the output layer by {drift} σ",
    # What was asked of a run and cannot be.
    "refused.unknown_network": "there is no network '{network}'; there are {known}",
    "refused.nothing_below": "nothing can be frozen below '{layer}'; there are layers below {known}",
    "refused.no_batch_norm": "{network} has no batch normalization",
    "refused.no_affine": "the batch normalization of {network} has no gamma and beta",
    "refused.weights_shared": "nothing can be frozen: the layers of this network share their weights",
    "action.networks": "change its networks",
    "refused.state": "run {run} is {state}: it cannot {action}",
    "refused.script": "run {run} is {state}: it cannot {action} from here: its own script sets the pace",
    "refused.absent": "run {run} is {state}, but there is no connection to its worker: it cannot {action} now",
    "refused.no_answer": "run {run} is {state}, but its worker does not answer: it cannot {action} now",
    "action.pause": "pause",
    "action.resume": "resume",
    "action.step": "take a single step",
    "action.stop": "stop",
    "action.fork": "be forked",
    "action.pace": "change its pace",
    "action.learning_rate": "change its learning rate",
    "action.learning_rate_and_pace": "change its learning rate and pace",
    "action.begin": "begin a second time",
    "action.frames": "take frames",
    "action.become": "become {state}",
    # What was asked of the server and cannot be.
    "refused.unknown_run": "there is no run '{run}'; it may have been deleted",
    "refused.unknown_trial": "there is no trial '{trial}'; its runs may have been deleted",
    "refused.unknown_experiment": "there is no experiment '{experiment}'; there are {known}",
    "refused.no_folder": "the folder with the recordings cannot be written: nothing can be recorded",
    "refused.no_turn": "the server does not get to its work: too much else is to be done on this machine",
    "refused.recording_removed": "the recording was removed meanwhile: {error}",
    "refused.host": "requests to '{host}' are not served here; --allowed-hosts names the hosts that are",
    "refused.origin": "a page of {origin} may not speak to {host}",
    "refused.head": "the headers of the request are more than {most} bytes",
    "refused.address": "the address is more than {most} bytes long",
    "refused.body": "the request has more than {most} bytes; what the server takes is far smaller",
    "refused.late": "the request did not come to its end within {seconds} seconds; send it again",
    "refused.hello": "a hello has more than {most} characters",
    "refused.event": "a message has more than {most} characters or {items} values: record less in one event",
    "refused.layouts": "the layouts have more than {most} MiB or {entries} entries: watch fewer layers or probes",
    "refused.events": "the run has {most} events or {size} MiB of them already: record fewer",
    "refused.frames": "a message has more than {most} frames",
    "refused.unprintable": "a name has a character that cannot be shown: {name}",
    "refused.silent": "no hello came within {seconds} seconds",
    "refused.queue": "{waiting} runs wait already, and {most} may: wait until some have ended, or stop some",
    "refused.share": "{waiting} of your runs wait already, and {most} of one student may now, so that others get their "
    "turn: wait until some have ended, or stop some",
    "refused.no_such_node": "no node of the cluster has {asked}: ask for less",
    "refused.producers": "{most} scripts send to this server already: try again when some have ended",
    "refused.sockets": "{most} websockets are open on this server already: try again when some have closed",
    "refused.downloads": "{most} recordings are being downloaded already: try again in a moment",
    "refused.linked": "{file} is no recording but a link to a file elsewhere, which is not sent",
    "refused.cpus": "the run asks for {asked} CPUs, and this machine has {cores}: ask for fewer, or serve with "
    "--launcher ray",
    "refused.gpus": "the run asks for {asked} GPUs, which only a cluster keeps free: ask for none, or serve with "
    "--launcher ray",
    "refused.state_size": "the state and the recording of the run would have more than {most} GiB",
    "refused.range": "the recording has {size} bytes: what was asked for begins after them",
    "refused.torn_state": "the state did not come whole: {error}",
    "refused.state_too_new": "the state of run {run} is not kept: the run has ended, or its recording ends before it",
    "refused.state_not_asked_for": "nobody asked run {run} for this state, or nobody waits for it any more",
    "refused.keeps_no_state": "run {run} keeps no state: it does not go on once what trains it is gone",
    "refused.no_state": "there is no state that run {run} goes on from",
    "refused.not_its_secret": "the state of run {run} is for its worker alone",
    "refused.replaced": "another worker goes on with run {run}: this one was given up, and nothing of it is kept",
    "refused.full": "the recordings fill the {most} GiB that they may: delete some, or allow more with --total-gib",
    "refused.disk": "the server's disk does not let it: {error}",
    "refused.run_full": "the recording fills the {most} GiB it may: record less often, or allow more with --run-gib",
    "refused.not_json": "what was sent with {asked} is no JSON",
    "refused.no_such_address": "there is nothing at {asked}",
    "refused.method": "{asked} is not what that address is for",
    "refused.no_file": "the page has no file '{file}'; reload it",
    "refused.presenter": "who has the link to look may follow, and not present",
    "refused.not_http": "this is no HTTP request",
    "refused.handshake": "this request opens no websocket: it has a body, more than {most} headers, or one of more "
    "than {size} KiB",
    "refused.stranger": "This server is shared by links: open the one that you were given. A script gives its token.",
    "refused.old_link": "This link is not valid any more: ask whoever runs the server for the new one.",
    "refused.link_changed": "The link was changed: ask whoever runs the server for the new one.",
    "refused.viewer": "Your link lets you look. Who has the control link may start, change and delete runs.",
    "refused.not_yours": "Your link lets you change the runs that you started yourself; this is somebody else's.",
    # Why a trial has no verdict.
    "undecided.deleted": "{count} of the trial's {runs} runs were deleted",
    "undecided.ended": "{run} {state}: {reason}",
    "undecided.changed": "the learning rate of {run} was changed while it ran: start the experiment again",
    "undecided.touched": "the networks of {run} were changed while it ran: start the experiment again",
    "undecided.going_on": "{count} of {runs} runs go on",
    "undecided.unmeasured": "nothing was measured of {runs}",
    "undecided.lacks": "the recordings lack what the verdict needs: {error}",
    # Files of runs.
    "recording.not_made": "{path} cannot be made: {error}",
    "recording.not_written": "{path} cannot be written: {error}",
    "recording.not_read": "{path} cannot be read: {error}",
    "recording.damaged": "{path} is damaged: {error}",
    "recording.not_opened": "{path} cannot be opened ({error}): it may have been copied while it was being written, "
    "into a folder that cannot be written; put it, with the -wal file beside it, where it can",
    "recording.removed": "{path} was removed while it was being written",
    "recording.not_copied": "{path} cannot be copied: {error}",
    "recording.log_missing": "{path} holds nothing: it was copied while it was being written, without the -wal file "
    "beside it, which had what was written; copy both, or download the run",
    "recording.log_lacks": "{path} was copied without the -wal file beside it: it ends with frame {seq} and has "
    "{events} events; what came after may be missing",
    "recording.strange_log": "{path} is damaged: the file {log} beside it is another run's; move that away",
    "recording.not_a_recording": "{path} is not a recording: {error}",
    "recording.other_database": "{path} is an SQLite file, but not a Shiftscope recording",
    "recording.other_format": "{path} has format {format}; this Shiftscope reads formats {known}",
    "recording.in_use": "{path} is in use: its training goes on, or it is being sent",
    # Files of data sets.
    "data.remedy": "Delete it to have it downloaded again, or put the original in its place.",
    "data.folder_not_made": "The folder {folder} cannot be made: {error}. Choose another folder.",
    "data.not_written": "{file} cannot be written: {error}. Choose another folder.",
    "data.not_read": "{file} cannot be read: {error}. Check its permissions.",
    "data.no_file": "{file} is no file, but a folder, a pipe or a device. Put the original in its place.",
    "data.disappeared": "{file} disappeared. Start the run again to have it downloaded.",
    "data.not_downloaded": "{file} could not be downloaded ({faults}). Check the network, or put the file into "
    "{folder} yourself.",
    "data.no_mirror": "no mirror is known",
    "data.mirror": "{url}: {fault}",
    "mirror.checksum": "what it serves has another checksum",
    "mirror.status": "the server answered {status}",
    "mirror.timeout": "no answer in time",
    "mirror.broken_off": "the download broke off",
    "mirror.too_long": "what it serves is longer than the file",
    "mirror.connection": "no connection",
    "data.broken": "{file} {fault}. {remedy}",
    "data.member": "{member} in {file}",
    # What is wrong with such a file; it completes "the file ...".
    "fault.truncated": "is truncated: {found} bytes, the original has {expected}",
    "fault.too_long": "is too long: {found} bytes, the original has {expected}",
    "fault.not_original": "is not the original file: the {algorithm} of its content is {found}..., expected "
    "{expected}...",
    "fault.gzip_cut_off": "is cut off: the gzip data ends too early",
    "fault.bomb": "unpacks to more than {most} bytes, which the original does not have",
    "fault.gzip": "is not a sound gzip file ({error})",
    "fault.tar": "is not a sound tar archive ({error})",
    "fault.member": "is not the original archive: there is no file {member} in it",
    "fault.idx_header": "is cut off inside its header: {found} bytes where at least {expected} should stand",
    "fault.idx_magic": "begins with {found}, an IDX file of {dimensions}-D bytes begins with {expected}",
    "fault.idx_truncated": "is truncated: its header announces {announced} values, {found} follow",
    "fault.idx_too_long": "is too long: its header announces {announced} values, {found} follow",
    "fault.cifar": "is truncated or something else: {found} bytes are no whole number of records of {size}",
    "fault.image_size": "holds images of {found} pixels, expected {expected}",
    "fault.counts": "holds {images} images, but {labels} {count} labels",
    "fault.no_image": "holds no image",
    "fault.label": "holds a label {found}, at most {most}",
    "fault.namesake": "is {other}'s file of that name, not {title}'s",
    # What does not fit together in a run's config.
    "config.names": "each variant needs a name of its own; got {names}",
    "config.batch_size": "batch_size {size} is more than the {samples} training samples",
    "config.unseen_classes": "{classes} classes cannot be left out of {known}: at least one is trained on",
    "config.no_variance": "batch_size must be at least 2: {normalization} normalization ({variant}) has no variance of "
    "one",
    "config.replicas": "a batch of {size} cannot be shared evenly by {replicas} replicas",
    "config.no_variance_of_share": "batch_size must be at least twice the replicas: {normalization} normalization "
    "({variant}) has no variance of one",
    "config.parameters": "the network has {count} parameters; at most {most} are accepted",
    "config.activations": "{networks} such networks make {count} values of a batch of {size}; at most {most} are "
    "accepted: choose a smaller batch_size or network",
    "config.instance": "{variant}: instance normalization needs a cnn: the units of other networks have no space to "
    "take a mean over",
    "config.recurrent": "{variant}: an rnn takes none, batch, layer or group normalization, not {normalization}",
    "config.groups": "{variant}: {groups} groups cannot share {channels} channels evenly",
    "config.group_size": "{variant}: groups of {size} cannot share {channels} channels evenly",
    # What pydantic says of a field; its own words.
    "invalid.missing": "Field required",
    "invalid.extra_forbidden": "Extra inputs are not permitted",
    "invalid.finite_number": "Input should be a finite number",
    "invalid.greater_than": "Input should be greater than {gt}",
    "invalid.greater_than_equal": "Input should be greater than or equal to {ge}",
    "invalid.less_than": "Input should be less than {lt}",
    "invalid.less_than_equal": "Input should be less than or equal to {le}",
    "invalid.int_type": "Input should be a valid integer",
    "invalid.int_parsing": "Input should be a valid integer, unable to parse string as an integer",
    "invalid.int_from_float": "Input should be a valid integer, got a number with a fractional part",
    "invalid.float_type": "Input should be a valid number",
    "invalid.float_parsing": "Input should be a valid number, unable to parse string as a number",
    "invalid.string_type": "Input should be a valid string",
    "invalid.string_pattern_mismatch": "String should match pattern '{pattern}'",
    "invalid.literal_error": "Input should be {expected}",
    # Names that the program makes up.
    "name.run": "{dataset}: {networks}",
    "name.experiment": "{title}",
    "name.trial": "{title}: {label}",
    "name.trial_seed": "{title}: {label}, seed {seed}",
    "name.script": "watched script",
    "name.fork": "{name}, from step {step}",
}
"""Every sentence by its code, with {blanks}."""
