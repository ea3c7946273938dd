"""A recurrent network that reads an image row by row."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence

import torch
from torch import Tensor, nn


class RowByRow(nn.Module):
    """Blocks "row 1" ... "row N" that share their weights, applied from a state of zeros, then "output".

    A block has the child `linear`, applied to a row and the state side by side, and those that follow it. A row of a
    colour image is that of each channel, side by side. Unrolled
    like this, each row is a layer of its own to look at. A normalization that keeps running statistics keeps them for
    each row by itself, because the state's distribution differs from row to row, with one gamma and beta for all, as
    Cooijmans et al. (2016) do, who normalize the maps of row and state apart.

    Args:
        image: channels, rows and columns of an image.
        linear: the map from a row and the state to the next state, channels * columns + width -> width.
        nonlinearities: for each row, the modules that follow the map, by name and in forward order. Affine parameters
            of the first row's normalization become those of all.
        output: what makes class scores of the last state.
    """

    def __init__(
        self,
        image: tuple[int, int, int],
        linear: nn.Linear,
        nonlinearities: Sequence[OrderedDict[str, nn.Module]],
        output: nn.Module,
    ) -> None:
        super().__init__()
        self._width = linear.out_features
        self._image = image
        for number, nonlinearity in enumerate(nonlinearities, start=1):
            block: OrderedDict[str, nn.Module] = OrderedDict(linear=linear if number == 1 else _sharing(linear))
            for name, module in nonlinearity.items():
                _share_parameters(nonlinearities[0][name], module)
                block[name] = module
            self.add_module(f"row {number}", nn.Sequential(block))
        self.output = output

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, channels * rows * columns) -> (batch, classes)."""
        state = torch.zeros(len(inputs), self._width, dtype=inputs.dtype, device=inputs.device)
        *rows, output = self.children()
        by_row = inputs.reshape(-1, *self._image).transpose(1, 2).flatten(2)
        for block, row in zip(rows, by_row.unbind(1), strict=True):
            state = block(torch.cat((row, state), dim=1))
        scores: Tensor = output(state)
        return scores


def _sharing(linear: nn.Linear) -> nn.Linear:
    """Return a linear map with the parameters of another."""
    other = nn.Linear(linear.in_features, linear.out_features, device="meta")
    _share_parameters(linear, other)
    return other


def _share_parameters(source: nn.Module, target: nn.Module) -> None:
    for name, parameter in source.named_parameters(recurse=False):
        setattr(target, name, parameter)
