import assert from "node:assert/strict";
import test from "node:test";

import { named, translator } from "../../frontend/app/i18n.js";
import { noticeOf, runName, worded } from "../../frontend/app/server-messages.js";
import { CATALOGUES } from "./catalogues.js";

const en = translator("en");
const ko = translator("ko", CATALOGUES.ko);
const notice = (code, values, text = "English") => ({ code, values, text });

test("a notice is worded by its code, and so are the notices in it", () => {
  const paused = notice("state.paused", {}, "paused");
  const ended = notice("end.server_ended", { state: paused, step: 1200 }, "the server ended");
  assert.equal(worded(ended, ko), "1,200스텝에서 서버가 종료되었습니다(당시 상태: 일시정지)");
  assert.equal(worded(ended, en), "the server ended");
  const faults = ["http://a", "http://b"].map((url) =>
    notice("data.mirror", { url, fault: notice("mirror.connection", {}) }),
  );
  assert.equal(
    worded(notice("data.not_downloaded", { file: "x.gz", faults, folder: "/data" }), ko),
    "x.gz 파일을 내려받지 못했습니다(http://a: 연결할 수 없습니다, http://b: 연결할 수 없습니다). " +
      "네트워크를 확인하거나 파일을 /data 폴더에 직접 넣으세요.",
  );
  assert.equal(worded(notice("invalid.greater_than_equal", { ge: 2 }), ko), "2 이상이어야 합니다");
});

test("names in a notice are worded, what else stands there is not", () => {
  const unmeasured = notice("undecided.unmeasured", { runs: ["learning rate 0.5", "mine"] });
  assert.equal(worded(unmeasured, ko), "측정값이 없습니다: 학습률 0.5, mine");
  const exited = notice("end.worker_exited_saying", { exit_code: 1, words: "out of memory: 3 GB" });
  assert.equal(worded(exited, ko), "작업 프로세스가 끝났습니다(종료 코드 1): out of memory: 3 GB");
});

test("what has no code, or one that is not known, is shown as it is", () => {
  for (const code of ["", "of.a.newer.server"]) assert.equal(worded(notice(code, {}, "a\nb"), ko), "a\nb");
  assert.equal(worded(null, ko), "");
});

test("an event of an old recording has its text alone", () => {
  assert.equal(worded(noticeOf({ message: "the server ended" }), ko), "the server ended");
  assert.equal(worded(noticeOf({ message: "x", code: "wait.data", values: {} }), ko), "데이터를 불러오는 중");
});

test("names of networks, layers and labels are worded, a person's stay", () => {
  assert.equal(named("with BN", ko), "BN 있음");
  assert.equal(named("hidden 12", ko), "은닉 12");
  assert.equal(named("momentum 0.01", ko), "모멘텀 0.01");
  for (const name of ["my own network", "", "encoder.layers.3", "{0}", "with BN"]) {
    assert.equal(named(name, en), name);
    if (name !== "with BN") assert.equal(named(name, ko), name);
  }
});

test("a run's name is worded where the program made it up", () => {
  const dataset = notice("option.digits", {}, "digits");
  const title = notice("name.run", { dataset, networks: ["without BN", "mine"] }, "digits: without BN, mine");
  assert.equal(runName({ name: title.text, title }, ko), "손글씨 숫자: BN 없음, mine");
  assert.equal(runName({ name: title.text, title }, en), title.text);
  const values = { title: "From batch to batch", label: "batch 8", seed: "3" };
  assert.equal(
    runName({ name: "From batch to batch", title: notice("name.trial_seed", values) }, ko),
    "배치에서 배치로: 배치 8, 시드 3",
  );
  assert.equal(runName({ name: "From batch to batch", title: null }, ko), "From batch to batch");
});
