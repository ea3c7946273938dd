import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";

import { named, translator } from "../../frontend/app/i18n.js";
import { runName, said } from "../../frontend/app/server-messages.js";
import english from "../../frontend/locales/en.js";
import { CATALOGUES } from "./catalogues.js";

const known = Object.fromEntries(Object.entries(english).filter(([key]) => key.startsWith("said.")));

const en = translator("en");
const ko = translator("ko", CATALOGUES.ko);
const backend = new URL("../../backend/shiftscope/", import.meta.url);
// Texts may be broken over lines of the source, between one string's end and the next one's beginning.
const source = readdirSync(backend, { recursive: true })
  .filter((name) => name.endsWith(".py"))
  .map((name) => readFileSync(new URL(name.replaceAll("\\", "/"), backend), "utf8"))
  .join("\n")
  .replace(/"\s*\n\s*f?"/g, "");

test("each sentence is one that the program says", () => {
  const sentences = Object.entries(known).filter(([, text]) => !text.startsWith("Input should"));
  assert.ok(sentences.length > 30);
  for (const [key, text] of sentences) {
    for (const part of text
      .split(/\{\w+\}/)
      .map((one) => one.trim())
      .filter((one) => one.length > 7)) {
      assert.ok(
        part.split(/(?<=worker) /).every((one) => source.includes(one)),
        `${key}: “${part}”`,
      );
    }
  }
});

test("reasons, what is waited for and refusals are worded, what stands in them too", () => {
  assert.equal(
    said("the server ended while the run was paused at step 12", ko),
    "12스텝에서 서버가 종료되었습니다(당시 상태: 일시정지)",
  );
  assert.equal(said("the worker was killed by SIGKILL", ko), "작업 프로세스가 SIGKILL 신호로 강제 종료되었습니다");
  assert.equal(
    said("the worker ended with exit code 1: out of memory: 3 GB", ko),
    "작업 프로세스가 종료 코드 1(으)로 끝났습니다: out of memory: 3 GB",
  );
  assert.equal(said("nothing was measured of learning rate 0.5", ko), "측정값이 없습니다: 학습률 0.5");
  assert.equal(said("Input should be greater than or equal to 2", ko), "2 이상이어야 합니다");
  assert.equal(said("with BN", ko), "BN 있음");
});

test("what is not known stays as it is, as does English", () => {
  for (const text of ["my own network", "", "KeyError: 'x'", "a\nb"]) assert.equal(said(text, ko), text);
  for (const text of Object.values(known)) assert.equal(said(text, en), text);
});

test("names of layers, networks and runs are worded, their numbers kept", () => {
  for (const [name, worded] of Object.entries({
    "without BN": "BN 없음",
    "hidden 12": "은닉 12",
    output: "출력",
    "learning rate 0.0001": "학습률 0.0001",
    "batch 16, true labels": "배치 16, 올바른 레이블",
    "784-32-32-10": "784-32-32-10",
    "my layer 3": "my layer 3",
    "layers.0.conv2d": "layers.0.conv2d",
    "{0} 5": "{0} 5",
  }))
    assert.equal(named(name, ko), worded);
  assert.equal(named("hidden 12", en), "hidden 12");
});

test("names that the program made up are worded, a person's stay", () => {
  const config = { dataset: { kind: "digits" }, variants: [{ name: "without BN" }, { name: "mine" }] };
  const experiments = [{ title: "From batch to batch" }];
  assert.equal(runName({ name: "digits: without BN, mine", config }, experiments, ko), "손글씨 숫자: BN 없음, mine");
  assert.equal(
    runName({ name: "From batch to batch: batch 8, seed 3", config }, experiments, ko),
    "배치에서 배치로: 배치 8, 시드 3",
  );
  assert.equal(runName({ name: "From batch to batch", config }, experiments, ko), "배치에서 배치로");
  for (const name of ["From batch to batch of mine", "with BN"])
    assert.equal(runName({ name, config }, experiments, ko), name);
  assert.equal(
    runName({ name: "From batch to batch: batch 8", config }, experiments, en),
    "From batch to batch: batch 8",
  );
});
