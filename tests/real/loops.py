"""Loops that several models are trained by."""

from __future__ import annotations

import torch
from torch.nn import functional

STEPS = 3


def images(batch=6, size=32):
    return torch.randn(batch, 3, size, size), torch.randint(10, (batch,))


def classifier(make):
    """A plain loop over images, with an evaluation between the steps."""

    def training(look, trail):
        model = make()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
        look(model, optimizer=optimizer)
        for step in range(STEPS):
            x, y = images()
            optimizer.zero_grad()
            outputs = model(x)
            loss = functional.cross_entropy(outputs, y)
            loss.backward()
            optimizer.step()
            trail.step(model, outputs, loss, optimizer=optimizer, copies=step == 1)
            model.eval()
            with torch.no_grad():
                trail.keep("evaluation", model(x))
            model.train()
        return model

    return training
