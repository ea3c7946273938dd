"""An error that a script's own handler of a signal raises comes out in the script, whatever runs just then."""

from __future__ import annotations

import gc
import inspect
import signal
import sys
import warnings
from functools import partial
from itertools import cycle
from types import FrameType

import pytest
import torch
from torch import nn

import shiftscope
from shiftscope.testing.collecting import Collecting

STEPS = 3


def exchanged(_signal: int, _frame: FrameType | None) -> None:
    """Raise once: by the time that anybody looks, another handler is there."""
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    raise TimeoutError("time is up")


def bound_by_partial(_name: str, *_: object) -> None:
    raise TimeoutError("time is up")


HANDLERS = (exchanged, partial(bound_by_partial, "limit"))


@pytest.fixture(autouse=True)
def _the_handler_of_before():
    with warnings.catch_warnings():
        # What earlier tests left is not this one's: a warning of it would be an error here.
        warnings.simplefilter("ignore")
        gc.collect()
    before = signal.getsignal(signal.SIGALRM)
    yield
    signal.signal(signal.SIGALRM, before)


def train(net: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    for _ in range(STEPS):
        optimizer.zero_grad()
        net(torch.randn(8, 4)).square().mean().backward()
        optimizer.step()


def calls_of_the_scope() -> list[str]:
    """List the calls of functions of the scope's own during a training, in their order."""
    made: list[str] = []
    _traced(lambda frame: made.append(_name(frame)))
    return made


def _name(frame: FrameType) -> str:
    return f"{inspect.getmodulename(frame.f_code.co_filename)}.{frame.f_code.co_qualname}"


def _traced(called) -> bool:
    """Train with something that is told of each call of a function of the scope's; return whether it was timed out."""
    net = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Linear(6, 3))
    optimizer = torch.optim.Adam(net.parameters())
    with shiftscope.watch(net, optimizer=optimizer, to=Collecting(), schedule=shiftscope.every(1)):
        room = ("/shiftscope/tracing/", "/shiftscope/engine/")

        def follow(frame: FrameType, event: str, _argument: object) -> None:
            if event == "call" and any(part in frame.f_code.co_filename for part in room):
                called(frame)

        sys.setprofile(follow)
        try:
            train(net, optimizer)
        except TimeoutError:
            return True
        finally:
            sys.setprofile(None)
    return False


@pytest.mark.filterwarnings("error")
def test_it_comes_out_of_every_function_of_the_scope():
    names = calls_of_the_scope()
    firsts = {name: index for index, name in reversed(list(enumerate(names)))}
    swallowed = []
    # How an error is known to be a handler's does not depend on the function: one after the other has either kind.
    for (name, index), handler in zip(firsts.items(), cycle(HANDLERS)):
        signal.signal(signal.SIGALRM, handler)
        at = iter(range(len(names) + 1))
        if not _traced(lambda _, at=at, index=index: next(at) == index and signal.raise_signal(signal.SIGALRM)):
            swallowed.append(name)
    assert len(firsts) > 40
    assert swallowed == []
