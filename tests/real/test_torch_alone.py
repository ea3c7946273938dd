"""Networks and loops as people write them in torch alone: watched and not, the same bit for bit."""

from __future__ import annotations

import copy
import random

import pytest
import torch
from benchmarks import real_models
from torch import nn
from torch.nn import functional
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import shiftscope
from tests.real.checks import check_default, check_everything, check_gradients, check_nothing_failed, check_unchanged
from tests.real.loops import STEPS, classifier


def resnet():
    return real_models.ResNet(widths=(8, 16), blocks=1)


def vit():
    return real_models.ViT(size=32, patch=8, width=24, heads=2, depth=2)


def convnext():
    return real_models.ConvNext(widths=(8, 16), depths=(1, 1))


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(20, 16), nn.ReLU())
        self.mean, self.log_variance = nn.Linear(16, 4), nn.Linear(16, 4)
        self.decoder = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 20))

    def encode(self, x):
        hidden = self.encoder(x)
        return self.mean(hidden), self.log_variance(hidden)

    def decode(self, z):
        return torch.sigmoid(self.decoder(z))

    def forward(self, x):
        mean, log_variance = self.encode(x)
        z = mean + torch.randn_like(mean) * (log_variance / 2).exp()
        return self.decode(z), mean, log_variance


def vae(*, by_methods=False):
    """A variational autoencoder; by its methods, it is never called itself."""

    def training(look, trail):
        model = VAE()
        optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
        look(model, optimizer=optimizer)
        for step in range(STEPS):
            x = torch.rand(12, 20)
            if by_methods:
                mean, log_variance = model.encode(x)
                outputs = model.decode(mean + torch.randn_like(mean)), mean, log_variance
            else:
                outputs = model(x)
            given, mean, log_variance = outputs
            divergence = -0.5 * (1 + log_variance - mean**2 - log_variance.exp()).sum()
            loss = functional.binary_cross_entropy(given, x, reduction="sum") + divergence
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            trail.step(model, outputs, loss, optimizer=optimizer, copies=step == 1)
        return model

    return training


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(30, 8, padding_idx=0)
        self.lstm = nn.LSTM(8, 8, bidirectional=True, batch_first=True)
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(16, 5)

    def forward(self, packed):
        embedded = packed._replace(data=self.embedding(packed.data))
        states, _ = pad_packed_sequence(self.lstm(embedded)[0], batch_first=True)
        return self.head(self.dropout(states))


def tagger(look, trail):
    """An LSTM whose input is a packed sequence, of another length at each step."""
    model = Tagger()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    look(model, optimizer=optimizer)
    for step in range(STEPS):
        lengths = torch.randint(2, 8 + step, (5,))
        ids = torch.randint(1, 30, (5, int(lengths.max())))
        packed = pack_padded_sequence(ids, lengths, batch_first=True, enforce_sorted=False)
        logits = model(packed)
        loss = functional.cross_entropy(logits.flatten(0, 1), ids.flatten() % 5)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 0.5)
        optimizer.step()
        trail.step(model, logits, loss, optimizer=optimizer, copies=step == 1)
    return model


def dqn(look, trail):
    """Q-learning: actions are chosen by passes of one state, targets come from a copy of the network."""
    model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = torch.optim.RMSprop(model.parameters(), lr=0.01)
    look(model, optimizer=optimizer)
    target = copy.deepcopy(model)
    memory, state = [], torch.randn(4)
    while trail.steps < STEPS:
        explores = random.random() < 0.3
        with torch.no_grad():
            action = random.randrange(3) if explores else int(model(state).argmax())
        following, reward = torch.randn(4), float(state[action])
        memory.append((state, action, reward, following))
        state = following
        if len(memory) < 8:
            continue
        states, actions, rewards, next_states = zip(*random.sample(memory, 6), strict=True)
        with torch.no_grad():
            aims = torch.tensor(rewards) + 0.9 * target(torch.stack(next_states)).max(1).values
        values = model(torch.stack(states)).gather(1, torch.tensor(actions)[:, None])[:, 0]
        loss = functional.smooth_l1_loss(values, aims)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        trail.step(model, values, loss, optimizer=optimizer, copies=trail.steps == 1)
        if trail.steps % 2 == 0:
            target.load_state_dict(model.state_dict())
    return model


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(30, 16)
        layer = nn.TransformerEncoderLayer(16, 2, 32, dropout=0.1, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)
        self.head = nn.Linear(16, 4)

    def forward(self, ids, padding):
        return self.head(self.encoder(self.embedding(ids), src_key_padding_mask=padding).mean(1))


def encoder(look, trail):
    """nn.TransformerEncoder with padding; in evaluation torch takes its fast path, watched or not."""
    model = Encoder()
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 0.1, total_iters=3)
    look(model, optimizer=optimizer)
    for step in range(STEPS):
        ids, padding = torch.randint(30, (4, 7)), torch.arange(7)[None] >= torch.tensor([7, 5, 6, 3])[:, None]
        logits = model(ids, padding=padding)
        loss = functional.cross_entropy(logits, ids[:, 0] % 4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        trail.step(model, logits, loss, optimizer=optimizer, copies=step == 1)
        model.eval()
        with torch.no_grad():
            trail.keep("evaluation", model(ids, padding=padding))
        model.train()
    return model


def language_model(look, trail):
    """A tied embedding, two micro-batches a step, and text that is generated on the way."""
    model = real_models.GPT(30, 12, width=16, heads=2, depth=2)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.01)
    look(model, optimizer=optimizer)
    for step in range(STEPS):
        for _ in range(2):
            ids = torch.randint(30, (3, 12))
            logits = model(ids)
            loss = functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten()) / 2
            loss.backward()
            trail.keep("micro-batch", [logits, loss])
        optimizer.step()
        trail.step(model, optimizer=optimizer, copies=step == 1)
        optimizer.zero_grad()
        text = torch.zeros(1, 1, dtype=torch.long)
        with torch.no_grad():
            for _ in range(3):
                chosen = torch.multinomial(model(text)[:, -1].softmax(-1), 1)
                text = torch.cat([text, chosen], 1)
        trail.keep("generated", text)
    return model


def by_hand(look, trail):
    """Updates that no optimizer makes; a pass for the log on the way."""
    model = nn.Sequential(nn.Linear(6, 12), nn.ReLU(), nn.Linear(12, 3))
    look(model)
    for _ in range(STEPS):
        x = torch.randn(8, 6)
        loss = model(x).square().mean()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.sub_(0.1 * parameter.grad)
            trail.step(model, loss, model(x), copies=trail.steps == 1)
        model.zero_grad()
    return model


def line_search(look, trail):
    """L-BFGS, whose closure runs the network several times a step; the gradients are those it began with."""
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    optimizer = torch.optim.LBFGS(model.parameters(), lr=0.5, max_iter=3)
    look(model, optimizer=optimizer)
    for _ in range(STEPS):
        x, y = torch.randn(10, 4), torch.randn(10, 1)
        losses = []

        def closure(x=x, y=y, losses=losses):
            optimizer.zero_grad()
            losses.append(functional.mse_loss(model(x), y))
            losses[-1].backward()
            return losses[-1]

        optimizer.step(closure)
        trail.step(model, losses, optimizer=optimizer)
    return model


TRAININGS = {
    "resnet": classifier(resnet),
    "vit": classifier(vit),
    "convnext": classifier(convnext),
    "vae": vae(),
    "vae by methods": vae(by_methods=True),
    "lstm": tagger,
    "dqn": dqn,
    "transformer encoder": encoder,
    "language model": language_model,
    "by hand": by_hand,
}
SITES = {
    "resnet": {("layers.1.0.conv1", "pre_activation"): ("layers.1.0.bn1", 1)},
    "vit": {("blocks.1.fc1", "pre_activation"): ("blocks.1.fc1", 1)},
    "vae": {("encoder", "pre_activation"): ("encoder.0", 1), ("encoder", "output"): ("encoder.1", 1)},
    "dqn": {("2", "pre_activation"): ("3", 0), ("2", "output"): ("3", 1)},
}

BLOCK = (".norm1", ".attn.qkv", ".attn.proj", " · sum", ".norm2", ".fc1", ".fc2", " · sum 2")
CONVNEXT_BLOCK = (".dwconv", ".norm", ".pwconv1", ".pwconv2", " · sum")
ENCODER_LAYER = (".self_attn", " · sum", ".norm1", ".linear1", ".linear2", " · sum 2", ".norm2")
LAYERS = {
    "resnet": [
        "conv1", "layers.0.0.conv1", "layers.0.0.conv2", "layers.0.0 · sum", "layers.1.0.downsample",
        "layers.1.0.conv1", "layers.1.0.conv2", "layers.1.0 · sum", "fc",
    ],
    "vit": ["patch_embed", *(f"blocks.{n}{own}" for n in range(2) for own in BLOCK), "norm", "head"],
    "convnext": [
        "features.0", *(f"features.2{own}" for own in CONVNEXT_BLOCK), "features.3", "features.4",
        *(f"features.5{own}" for own in CONVNEXT_BLOCK), "norm", "head",
    ],
    "vae": ["encoder", "mean", "log_variance", "decoder.0", "decoder.2"],
    "lstm": ["embedding", "lstm", "head"],
    "dqn": ["0", "2", "4"],
    "transformer encoder": [
        "embedding", *(f"encoder.layers.{n}{own}" for n in range(2) for own in ENCODER_LAYER), "head",
    ],
    "language model": ["wte", "wpe", *(f"h.{n}{own}" for n in range(2) for own in BLOCK), "ln_f", "lm_head"],
}  # fmt: skip
"""What their authors would list."""


@pytest.mark.parametrize("name", TRAININGS)
def test_the_line_changes_nothing(name, tmp_path):
    check_default(TRAININGS[name], tmp_path)


@pytest.mark.parametrize("name", TRAININGS)
def test_everything_at_every_step_changes_nothing_and_is_right(name, tmp_path):
    check_everything(TRAININGS[name], tmp_path, SITES.get(name), LAYERS.get(name))


@pytest.mark.parametrize("name", ["resnet", "language model"])
def test_the_optimizer_need_not_be_named(name, tmp_path):
    check_default(TRAININGS[name], tmp_path, optimizer=False)


@pytest.mark.parametrize(
    "options", [{}, {"schedule": shiftscope.every(1), "probes": "full"}], ids=["line", "everything"]
)
def test_a_line_search(options, tmp_path):
    path, trail = check_unchanged(line_search, tmp_path, **options)
    with shiftscope.open_recording(path) as recording:
        check_nothing_failed(recording)
        assert recording.steps("layers").tolist() == list(range(trail.steps))


CRITIC_STEPS = 5


def gan(watch_networks):
    """A critic that steps five times as often, of inputs of another size."""

    def training(look, trail):
        generator = nn.Sequential(nn.Linear(16, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 64))
        critic = nn.Sequential(nn.Linear(64, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
        of_generator = torch.optim.Adam(generator.parameters(), lr=1e-3, betas=(0.5, 0.9))
        of_critic = torch.optim.Adam(critic.parameters(), lr=1e-3, betas=(0.5, 0.9))
        watch_networks(look, generator, critic, of_generator, of_critic)
        both = nn.ModuleDict({"generator": generator, "critic": critic})
        for step in range(2 * CRITIC_STEPS):
            real, noise = torch.randn(8, 64) + 1, torch.randn(8, 16)
            of_critic.zero_grad()
            fake = generator(noise).detach()
            mixed = (real + fake).div(2).requires_grad_()
            (slope,) = torch.autograd.grad(critic(mixed).sum(), mixed, create_graph=True)
            loss = critic(fake).mean() - critic(real).mean() + 10 * (slope.norm(dim=1) - 1).square().mean()
            loss.backward()
            of_critic.step()
            trail.step(both, loss, fake, optimizer=of_critic)
            if step % CRITIC_STEPS == CRITIC_STEPS - 1:
                of_generator.zero_grad()
                loss = -critic(generator(torch.randn(8, 16))).mean()
                loss.backward()
                of_generator.step()
                trail.keep("generator", [loss, {name: p.grad for name, p in both.named_parameters()}])
        trail.state("end", both, of_generator)
        return both

    return training


def test_a_gan_watched_as_two_networks(tmp_path):
    """One scope for both, each with its optimizer."""

    def watch_networks(look, generator, critic, of_generator, of_critic):
        look({"generator": generator, "critic": critic}, optimizer={"generator": of_generator, "critic": of_critic})

    for number, options in enumerate([{}, {"schedule": shiftscope.every(1), "probes": "full"}]):
        folder = tmp_path / str(number)
        folder.mkdir()
        path, _ = check_unchanged(gan(watch_networks), folder, **options)
        with shiftscope.open_recording(path) as recording:
            check_nothing_failed(recording)
            assert len(recording.steps("layers")) >= 2


def test_the_critic_of_a_gan(tmp_path):
    """Its five steps and the generator's between them are told apart: each frame is of one update of the critic's."""

    def watch_networks(look, generator, critic, of_generator, of_critic):
        look(critic, optimizer=of_critic)

    path, trail = check_unchanged(gan(watch_networks), tmp_path, schedule=shiftscope.every(1), probes="full")
    for step in trail.gradients:
        for name in list(step):
            step[name.removeprefix("critic.")] = step.pop(name)
    with shiftscope.open_recording(path) as recording:
        check_nothing_failed(recording)
        assert recording.steps("layers").tolist() == list(range(2 * CRITIC_STEPS))
        critic = nn.Sequential(nn.Linear(64, 32), nn.LeakyReLU(0.2), nn.Linear(32, 1))
        check_gradients(recording, critic, trail)


def test_the_generator_of_a_gan(tmp_path):
    def watch_networks(look, generator, critic, of_generator, of_critic):
        look(generator, optimizer=of_generator)

    path, _ = check_unchanged(gan(watch_networks), tmp_path, schedule=shiftscope.every(1))
    with shiftscope.open_recording(path) as recording:
        check_nothing_failed(recording)
        assert recording.steps("layers").tolist() == [0, 1]
