"""Models of transformers at small size, in loops of one's own and by its Trainer."""

from __future__ import annotations

import pytest
import torch

from tests.real.checks import check_default, check_everything

transformers = pytest.importorskip("transformers")

STEPS = 4
VOCABULARY = 40
pytestmark = pytest.mark.extras


def gpt2():
    config = transformers.GPT2Config(
        vocab_size=VOCABULARY, n_positions=16, n_embd=16, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0
    )  # fmt: skip
    return transformers.GPT2LMHeadModel(config)


def bert():
    config = transformers.BertConfig(
        vocab_size=VOCABULARY, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=16, num_labels=3,
    )  # fmt: skip
    return transformers.BertForSequenceClassification(config)


MODELS = {"gpt2": gpt2, "bert": bert}

_GPT2 = (".ln_1", ".attn.c_attn", ".attn.c_proj", " · sum", ".ln_2", ".mlp.c_fc", ".mlp.c_proj", " · sum 2")
_BERT = (
    *(f"attention.self.{one}" for one in ("query", "key", "value")), "attention.output.dense",
    "attention.output · sum", "attention.output.LayerNorm", "intermediate.dense", "output.dense", "output · sum",
    "output.LayerNorm",
)  # fmt: skip
_EMBEDDINGS = ("word_embeddings", "token_type_embeddings", "position_embeddings", "LayerNorm")
LAYERS = {
    "gpt2": [
        *(f"transformer.{one}" for one in ("wte", "wpe")),
        *(f"transformer.h.{number}{one}" for number in range(2) for one in _GPT2), "transformer.ln_f", "lm_head",
    ],
    "bert": [
        *(f"bert.embeddings.{one}" for one in _EMBEDDINGS),
        *(f"bert.encoder.layer.{number}.{one}" for number in range(2) for one in _BERT), "bert.pooler.dense",
        "classifier",
    ],
}  # fmt: skip
"""What their authors would list."""


def samples(name, count):
    """Return as many texts as the Trainer takes them, with a column that no model knows."""
    made = []
    for number in range(count):
        ids = torch.randint(VOCABULARY, (8,))
        labels = ids if name == "gpt2" else int(ids[0]) % 3
        made.append({"input_ids": ids, "attention_mask": torch.ones(8), "labels": labels, "score": number})
    return made


def by_hand(name):
    """A loop of one's own, with keywords in and a ModelOutput out; between the steps a language model writes."""

    def training(look, trail):
        model = MODELS[name]().train()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        look(model, optimizer=optimizer)
        for step in range(STEPS):
            ids = torch.randint(VOCABULARY, (3, 8 + step))
            outputs = model(input_ids=ids, labels=ids if name == "gpt2" else ids[:, 0] % 3)
            outputs.loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            trail.step(model, {"loss": outputs.loss, "logits": outputs.logits}, optimizer=optimizer, copies=step == 1)
            optimizer.zero_grad()
            if name == "gpt2":
                trail.keep("text", model.generate(ids[:1, :4], max_new_tokens=3, do_sample=True, pad_token_id=0))
                model.train()
        return model

    return training


class Keeping(transformers.TrainerCallback):
    """Keeps what each step of a Trainer leaves behind."""

    def __init__(self, trail):
        self.trail = trail

    def on_optimizer_step(self, args, state, control, model=None, optimizer=None, **_):
        self.trail.step(model, optimizer=optimizer)


def by_trainer(name, folder, **options):
    """The Trainer with its own loop, and an evaluation on the way."""

    def training(look, trail):
        model = MODELS[name]()
        given = samples(name, 24)
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        arguments = transformers.TrainingArguments(
            output_dir=str(folder / "trainer"), per_device_train_batch_size=2, max_steps=STEPS, use_cpu=True,
            report_to="none", save_strategy="no", eval_strategy="steps", eval_steps=2, logging_steps=1,
            disable_tqdm=True, seed=1, **options,
        )  # fmt: skip
        look(model, optimizer=optimizer)
        trainer = transformers.Trainer(
            model, arguments, train_dataset=given[:20], eval_dataset=given[20:], callbacks=[Keeping(trail)],
            optimizers=(optimizer, torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (1 + step))),
        )  # fmt: skip
        trainer.remove_callback(transformers.PrinterCallback)
        trainer.train()
        logs = [{key: value for key, value in log.items() if not key.endswith(("runtime", "per_second"))}
                for log in trainer.state.log_history]  # fmt: skip
        assert any("eval_loss" in log for log in logs)
        trail.keep("logs", logs)
        trail.state("end", model, optimizer)
        return model

    return training


@pytest.mark.parametrize("name", MODELS)
def test_the_line_changes_nothing(name, tmp_path):
    check_default(by_hand(name), tmp_path)


@pytest.mark.parametrize("name", MODELS)
def test_everything_at_every_step_changes_nothing_and_is_right(name, tmp_path):
    check_everything(by_hand(name), tmp_path, layers=LAYERS[name])


@pytest.mark.parametrize("optimizer", [True, False], ids=["optimizer", "no optimizer"])
@pytest.mark.parametrize("name", MODELS)
def test_the_trainer_keeps_its_columns(name, optimizer, tmp_path):
    """It drops the columns that the forward does not name: where it saw another forward, all."""
    check_default(by_trainer(name, tmp_path), tmp_path, optimizer=optimizer)


@pytest.mark.parametrize(
    "options",
    [{"gradient_accumulation_steps": 2}, {"max_grad_norm": 0.1}, {"bf16": True}],
    ids=lambda one: next(iter(one)),
)
@pytest.mark.parametrize("name", MODELS)
def test_everything_by_the_trainer(name, options, tmp_path):
    check_everything(by_trainer(name, tmp_path, **options), tmp_path)
