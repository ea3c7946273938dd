"""Several networks that play against, or learn from, one another."""

from __future__ import annotations

import copy

import torch
from torch import nn
from torch.nn import functional as F

from tests.loops.harness import Run, loop
from tests.loops.nets import Mlp, batch, passing, sgd


def _gan() -> tuple[Mlp, Mlp]:
    return Mlp(features=2, hidden=7, classes=5), Mlp(features=5, hidden=6, classes=1)


@loop()
def gan_with_an_optimizer_each(run: Run) -> None:
    """Inputs of 2 and of 5; the critic sees real and made ones in one update."""
    maker, critic = _gan()
    optimizers = {"maker": torch.optim.Adam(maker.parameters()), "critic": torch.optim.Adam(critic.parameters())}
    run.watch({"maker": maker, "critic": critic}, optimizer=optimizers)
    for step in range(4):
        real, noise = batch(step, features=5)[0], batch(step, features=2)[0]
        passing(run, step, critic, real, network="critic")
        with torch.no_grad():
            made = maker(noise)
        passing(run, step, critic, made, network="critic")
        optimizers["critic"].zero_grad()
        (F.softplus(-critic(real)) + F.softplus(critic(maker(noise).detach()))).mean().backward()
        run.grads(step, critic, "first", "second", network="critic")
        optimizers["critic"].step()

        passing(run, step, maker, noise, network="maker")
        optimizers["maker"].zero_grad()
        F.softplus(-critic(maker(noise))).mean().backward()
        run.grads(step, maker, "first", "second", network="maker")
        optimizers["maker"].step()


@loop(3)
def gan_with_five_critic_steps(run: Run) -> None:
    maker, critic = _gan()
    optimizers = {"maker": sgd(maker), "critic": sgd(critic)}
    run.watch({"maker": maker, "critic": critic}, optimizer=optimizers)
    for step in range(3):
        for turn in range(5):
            real, noise = batch(5 * step + turn, features=5)[0], batch(turn, features=2)[0]
            optimizers["critic"].zero_grad()
            (critic(maker(noise).detach()) - critic(real)).mean().backward()
            optimizers["critic"].step()
        noise = batch(step, features=2)[0]
        passing(run, step, maker, noise, network="maker")
        optimizers["maker"].zero_grad()
        (-critic(maker(noise))).mean().backward()
        run.grads(step, maker, "first", "second", network="maker")
        optimizers["maker"].step()


@loop(10)
def gan_whose_critic_alone_is_watched(run: Run) -> None:
    maker, critic = _gan()
    for_maker, for_critic = sgd(maker), sgd(critic)
    run.watch(critic, optimizer=for_critic)
    run.compare(maker, for_maker)
    at = 0
    for step in range(2):
        for turn in range(5):
            real, noise = batch(5 * step + turn, features=5)[0], batch(turn, features=2)[0]
            with torch.no_grad():
                made = maker(noise)
            passing(run, at, critic, made)
            passing(run, at, critic, real)
            for_critic.zero_grad()
            (critic(made) - critic(real)).mean().backward()
            run.grads(at, critic, "first", "second")
            for_critic.step()
            at += 1
        for_maker.zero_grad()
        (-critic(maker(batch(step, features=2)[0]))).mean().backward()
        for_maker.step()


@loop()
def gan_in_the_order_of_the_dcgan_example(run: Run) -> None:
    """netD's passes on real and made inputs go backward one after the other; netD's gradients gather the maker's."""
    maker, critic = _gan()
    for_maker, for_critic = torch.optim.Adam(maker.parameters()), torch.optim.Adam(critic.parameters())
    run.watch({"maker": maker, "critic": critic}, optimizer={"maker": for_maker, "critic": for_critic})
    ones, zeros = torch.ones(8, 1), torch.zeros(8, 1)
    for step in range(4):
        real, noise = batch(step, features=5)[0], batch(step, features=2)[0]
        critic.zero_grad()
        passing(run, step, critic, real, network="critic")
        F.binary_cross_entropy_with_logits(critic(real), ones).backward()
        passing(run, step, maker, noise, network="maker")
        made = maker(noise)
        passing(run, step, critic, made.detach(), network="critic")
        F.binary_cross_entropy_with_logits(critic(made.detach()), zeros).backward()
        run.grads(step, critic, "first", "second", network="critic")
        for_critic.step()
        maker.zero_grad()
        F.binary_cross_entropy_with_logits(critic(made), ones).backward()
        run.grads(step, maker, "first", "second", network="maker")
        for_maker.step()


@loop()
def gan_with_a_gradient_penalty_and_a_clip(run: Run) -> None:
    maker, critic = _gan()
    optimizers = {"maker": sgd(maker), "critic": sgd(critic)}
    run.watch({"maker": maker, "critic": critic}, optimizer=optimizers)
    for step in range(4):
        real, noise = batch(step, features=5)[0], batch(step, features=2)[0]
        made = maker(noise).detach()
        between = (0.3 * real + 0.7 * made).requires_grad_()
        slope = torch.autograd.grad(critic(between).sum(), between, create_graph=True)[0]
        optimizers["critic"].zero_grad()
        ((critic(made) - critic(real)).mean() + (slope.norm(dim=1) - 1).square().mean()).backward()
        run.grads(step, critic, "first", "second", network="critic")
        optimizers["critic"].step()
        with torch.no_grad():
            for parameter in critic.parameters():
                parameter.clamp_(-0.5, 0.5)
        passing(run, step, maker, noise, network="maker")
        optimizers["maker"].zero_grad()
        (-critic(maker(noise))).mean().backward()
        run.grads(step, maker, "first", "second", network="maker")
        optimizers["maker"].step()


@loop(6)
def dqn_with_a_target_network(run: Run) -> None:
    net = Mlp()
    target = copy.deepcopy(net)
    optimizer = torch.optim.Adam(net.parameters())
    run.watch(net, optimizer=optimizer)
    run.compare(target)
    for step in range(6):
        with torch.no_grad():
            action = net(batch(step + 70, 1)[0]).argmax()  # acts, one observation at a time
        run.keep(action)
        (state, chosen), (following, _) = batch(step), batch(step + 80)
        with torch.no_grad():
            wanted = 0.9 * target(following).max(1).values
        passing(run, step, net, state)
        loss = F.smooth_l1_loss(net(state).gather(1, chosen[:, None])[:, 0], wanted)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(net.parameters(), 0.1)
        run.grads(step, net, "first", "second")
        optimizer.step()
        if step % 2:
            target.load_state_dict(net.state_dict())


@loop()
def double_dqn_whose_next_values_pass_with_grad(run: Run) -> None:
    net, target = Mlp(), Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        (state, chosen), (following, _) = batch(step), batch(step + 80, mean=9.0)
        best = net(following).argmax(1, keepdim=True)  # argmax cuts the graph
        wanted = target(following).gather(1, best)[:, 0].detach()
        passing(run, step, net, state)
        optimizer.zero_grad()
        F.mse_loss(net(state).gather(1, chosen[:, None])[:, 0], wanted).backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


class ActorCritic(nn.Module):
    """A trunk with two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(4, 6), nn.Tanh())
        self.actor, self.critic = nn.Linear(6, 3), nn.Linear(6, 1)

    def forward(self, x):
        hidden = self.trunk(x)
        return self.actor(hidden), self.critic(hidden)


@loop(6)
def ppo_rolls_out_and_then_trains_for_epochs(run: Run) -> None:
    net = ActorCritic()
    optimizer = torch.optim.Adam(net.parameters())
    run.watch(net, optimizer=optimizer)
    step = 0
    for rollout in range(2):
        states = batch(rollout, 12)[0]
        with torch.no_grad():
            taken = torch.stack(
                [torch.distributions.Categorical(logits=net(one[None])[0]).sample()[0] for one in states]
            )
            old = net(states)[0].log_softmax(1).gather(1, taken[:, None])
        for _ in range(3):
            x = states[torch.randperm(12)[:8]]
            actor, critic = net(states)
            ratio = (actor.log_softmax(1).gather(1, taken[:, None]) - old).exp()
            with torch.no_grad():
                run.site(step, "actor", "output", actor)
                run.site(step, "critic", "output", critic)
            optimizer.zero_grad()
            (-ratio.mean() + critic.square().mean()).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 0.5)
            run.grads(step, net, "actor", "critic")
            optimizer.step()
            run.keep(x)
            step += 1


@loop()
def reinforce_sums_losses_of_an_episode(run: Run) -> None:
    """One pass for each moment of an episode, all of them of one update, with batches of one."""
    net = Mlp()
    optimizer = sgd(net)
    run.watch(net, optimizer=optimizer)
    for step in range(4):
        losses = []
        for moment in range(5):
            x, _ = batch(5 * step + moment, 1, mean=float(moment))
            passing(run, step, net, x)
            choice = torch.distributions.Categorical(logits=net(x))
            action = choice.sample()
            losses.append(-choice.log_prob(action) * float(action))
        optimizer.zero_grad()
        torch.stack(losses).sum().backward()
        run.grads(step, net, "first", "second")
        optimizer.step()


@loop(4, 4)
def two_scopes_on_two_nets_at_once(run: Run) -> None:
    left, right = Mlp(), Mlp()
    for_left, for_right = sgd(left), sgd(right)
    run.watch(left, optimizer=for_left)
    run.watch(right, optimizer=for_right)
    for step in range(4):
        for scope, (net, optimizer) in enumerate([(left, for_left), (right, for_right)]):
            x, y = batch(step + 10 * scope)
            passing(run, step, net, x, scope=scope)
            optimizer.zero_grad()
            F.cross_entropy(net(x), y).backward()
            run.grads(step, net, "first", "second", scope=scope)
            optimizer.step()
