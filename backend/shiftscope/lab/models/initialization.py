"""How weights start."""

from __future__ import annotations

from torch import nn

from shiftscope.config import Network


def initialize(layer: nn.Linear | nn.Conv2d, network: Network) -> None:
    """Draw the weights of a linear map or convolution as the config says; its bias starts at 0 but for the default.

    Xavier's weights are drawn with gain 1 (Glorot & Bengio 2010), He's for ReLU and fan-in (He et al. 2015).
    """
    match network.init:
        case "default":
            return  # PyTorch has drawn them when it made the layer
        case "xavier_normal":
            nn.init.xavier_normal_(layer.weight)
        case "xavier_uniform":
            nn.init.xavier_uniform_(layer.weight)
        case "he_normal":
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        case "he_uniform":
            nn.init.kaiming_uniform_(layer.weight, nonlinearity="relu")
        case "normal":
            nn.init.normal_(layer.weight, std=network.init_std)
        case "zeros":
            nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
