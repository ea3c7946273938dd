"""A recurrent network that reads an image row by row."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class Row(nn.Module):
    """One step of the recurrence: the state after a row, from the state before it.

    Its children `linear` (applied to the row) and `recurrent` (to the state) are those of all rows. What is
    normalized is their sum. A normalization that keeps running statistics keeps them for each row by itself, because
    the state's distribution differs from row to row, with one gamma and beta for all (Cooijmans et al. 2016, who
    normalize the two terms apart, and cell states besides).
    """

    def __init__(self, linear: nn.Linear, recurrent: nn.Linear, nonlinearity: OrderedDict[str, nn.Module]) -> None:
        super().__init__()
        self.linear = linear
        self.recurrent = recurrent
        for name, module in nonlinearity.items():
            self.add_module(name, module)
        self._names = tuple(nonlinearity)

    def forward(self, row: Tensor, state: Tensor) -> Tensor:
        """(batch, columns), (batch, width) -> (batch, width)."""
        value: Tensor = self.linear(row) + self.recurrent(state)
        for name in self._names:
            value = self.get_submodule(name)(value)
        return value


class RowByRow(nn.Module):
    """Blocks "row 1" ... "row N" that share their weights, applied from a state of zeros, then "output".

    Args:
        columns: values of a row.
        linear: the map of a row, columns -> width.
        recurrent: the map of the state, width -> width.
        nonlinearities: for each row, normalization and activation in forward order; affine parameters of the first
            row's normalization become those of all.
        output: what makes class scores of the last state.
    """

    def __init__(
        self,
        columns: int,
        linear: nn.Linear,
        recurrent: nn.Linear,
        nonlinearities: Sequence[OrderedDict[str, nn.Module]],
        output: nn.Module,
    ) -> None:
        super().__init__()
        self._columns = columns
        self._width = recurrent.in_features
        for number, nonlinearity in enumerate(nonlinearities, start=1):
            if "norm" in nonlinearity:
                _share_affine(nonlinearities[0]["norm"], nonlinearity["norm"])
            self.add_module(f"row {number}", Row(linear, recurrent, nonlinearity))
        self.output = output

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, rows * columns) -> (batch, classes)."""
        state = torch.zeros(len(inputs), self._width, dtype=inputs.dtype, device=inputs.device)
        *rows, output = self.children()
        for number, row in enumerate(rows):
            state = row(inputs[:, number * self._columns : (number + 1) * self._columns], state)
        scores: Tensor = output(state)
        return scores


def _share_affine(source: nn.Module, target: nn.Module) -> None:
    for name, parameter in source.named_parameters(recurse=False):
        setattr(target, name, parameter)
