"""Networks as people train them, in torch alone: for benchmarks/wild.py and the tests."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional
from typing_extensions import override


class BasicBlock(nn.Module):
    """Two 3x3 convolutions with a shortcut (He et al. 2015); one ReLU serves both places, as in torchvision."""

    def __init__(self, inputs: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.downsample: nn.Module | None = None
        if stride != 1 or inputs != width:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, width, 1, stride, bias=False), nn.BatchNorm2d(width))

    @override
    def forward(self, x: Tensor) -> Tensor:
        shortcut = x if self.downsample is None else self.downsample(x)
        x = self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))
        x += shortcut
        return self.relu(x)  # type: ignore[no-any-return]


class ResNet(nn.Module):
    """A ResNet of basic blocks; two in each of four stages make ResNet-18."""

    def __init__(self, classes: int = 10, widths: Sequence[int] = (64, 128, 256, 512), blocks: int = 2) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, widths[0], 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(widths[0])
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        stages: list[nn.Module] = []
        inputs = widths[0]
        for number, width in enumerate(widths):
            strides = [2 if number else 1] + [1] * (blocks - 1)
            stages.append(
                nn.Sequential(*(BasicBlock(width if at else inputs, width, s) for at, s in enumerate(strides)))
            )
            inputs = width
        self.layers = nn.Sequential(*stages)
        self.fc = nn.Linear(inputs, classes)

    @override
    def forward(self, x: Tensor) -> Tensor:
        x = self.layers(self.maxpool(self.relu(self.bn1(self.conv1(x)))))
        return self.fc(x.mean((2, 3)))  # type: ignore[no-any-return]


class Attention(nn.Module):
    """Multi-head attention with one linear map for queries, keys and values."""

    def __init__(self, width: int, heads: int, *, causal: bool = False) -> None:
        super().__init__()
        self.heads, self.causal = heads, causal
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    @override
    def forward(self, x: Tensor) -> Tensor:
        batch, tokens, width = x.shape
        q, k, v = self.qkv(x).view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=self.causal)
        return self.proj(mixed.transpose(1, 2).reshape(batch, tokens, width))  # type: ignore[no-any-return]


class TransformerBlock(nn.Module):
    """Attention and a two-layer perceptron, each after a layer normalization and beside a shortcut."""

    def __init__(self, width: int, heads: int, *, causal: bool = False) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(width)
        self.attn = Attention(width, heads, causal=causal)
        self.norm2 = nn.LayerNorm(width)
        self.fc1 = nn.Linear(width, 4 * width)
        self.act = nn.GELU()
        self.fc2 = nn.Linear(4 * width, width)

    @override
    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.norm1(x))
        return x + self.fc2(self.act(self.fc1(self.norm2(x))))  # type: ignore[no-any-return]


class ViT(nn.Module):
    """A vision transformer; as it comes, ViT-Tiny (Dosovitskiy et al. 2020; Touvron et al. 2020) for small images."""

    def __init__(
        self, size: int = 64, patch: int = 16, width: int = 192, heads: int = 3, depth: int = 12, classes: int = 10
    ) -> None:
        super().__init__()
        self.patch_embed = nn.Conv2d(3, width, patch, patch)
        self.cls_token = nn.Parameter(torch.zeros(1, 1, width))
        self.pos_embed = nn.Parameter(torch.randn(1, 1 + (size // patch) ** 2, width) * 0.02)
        self.blocks = nn.Sequential(*(TransformerBlock(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        self.head = nn.Linear(width, classes)

    @override
    def forward(self, x: Tensor) -> Tensor:
        x = self.patch_embed(x).flatten(2).transpose(1, 2)
        x = torch.cat([self.cls_token.expand(len(x), -1, -1), x], 1) + self.pos_embed
        return self.head(self.norm(self.blocks(x))[:, 0])  # type: ignore[no-any-return]


class GPT(nn.Module):
    """A decoder-only language model (Radford et al. 2019) whose output layer is its embedding."""

    def __init__(self, vocabulary: int, tokens: int, width: int = 192, heads: int = 6, depth: int = 6) -> None:
        super().__init__()
        self.wte = nn.Embedding(vocabulary, width)
        self.wpe = nn.Embedding(tokens, width)
        self.h = nn.Sequential(*(TransformerBlock(width, heads, causal=True) for _ in range(depth)))
        self.ln_f = nn.LayerNorm(width)
        self.lm_head = nn.Linear(width, vocabulary, bias=False)
        self.lm_head.weight = self.wte.weight

    @override
    def forward(self, ids: Tensor) -> Tensor:
        x = self.wte(ids) + self.wpe(torch.arange(ids.shape[1], device=ids.device))
        return self.lm_head(self.ln_f(self.h(x)))  # type: ignore[no-any-return]


class ConvNextBlock(nn.Module):
    """A depthwise 7x7 convolution and a perceptron over the channels (Liu et al. 2022)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dwconv = nn.Conv2d(width, width, 7, padding=3, groups=width)
        self.norm = nn.LayerNorm(width, eps=1e-6)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.act = nn.GELU()
        self.pwconv2 = nn.Linear(4 * width, width)
        self.gamma = nn.Parameter(1e-6 * torch.ones(width))

    @override
    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.dwconv(x).permute(0, 2, 3, 1))
        y = self.gamma * self.pwconv2(self.act(self.pwconv1(y)))
        return x + y.permute(0, 3, 1, 2)  # type: ignore[no-any-return]


class ChannelNorm(nn.LayerNorm):
    """Layer normalization over the channels of images."""

    @override
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class ConvNext(nn.Module):
    """A ConvNeXt; as it comes, of timm's size "atto"."""

    def __init__(
        self, classes: int = 10, widths: Sequence[int] = (40, 80, 160, 320), depths: Sequence[int] = (2, 2, 6, 2)
    ) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.Conv2d(3, widths[0], 4, 4), ChannelNorm(widths[0], eps=1e-6)]
        for number, (width, depth) in enumerate(zip(widths, depths, strict=True)):
            if number:
                before = widths[number - 1]
                parts += [ChannelNorm(before, eps=1e-6), nn.Conv2d(before, width, 2, 2)]
            parts += [ConvNextBlock(width) for _ in range(depth)]
        self.features = nn.Sequential(*parts)
        self.norm = nn.LayerNorm(widths[-1], eps=1e-6)
        self.head = nn.Linear(widths[-1], classes)

    @override
    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.features(x).mean((2, 3))))  # type: ignore[no-any-return]


class LSTMClassifier(nn.Module):
    """Two layers of LSTM over embedded tokens, and a linear map of the last state."""

    def __init__(self, vocabulary: int, width: int = 128, classes: int = 10) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, width)
        self.lstm = nn.LSTM(width, width, num_layers=2, batch_first=True)
        self.head = nn.Linear(width, classes)

    @override
    def forward(self, ids: Tensor) -> Tensor:
        _, (hidden, _) = self.lstm(self.embedding(ids))
        return self.head(hidden[-1])  # type: ignore[no-any-return]


def deep_mlp(layers: int = 200, width: int = 64, classes: int = 10) -> nn.Sequential:
    """Return so many linear maps, all but the last with a ReLU; He's initialization keeps the signal alive."""
    parts: list[nn.Module] = []
    for _ in range(layers - 1):
        linear = nn.Linear(width, width)
        nn.init.kaiming_normal_(linear.weight, nonlinearity="relu")
        parts += [linear, nn.ReLU()]
    return nn.Sequential(*parts, nn.Linear(width, classes))
