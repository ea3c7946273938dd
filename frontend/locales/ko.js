export default {
  skip: "차트로 건너뛰기", nav: "실행과 설정", controls: "실행 제어", stage: "차트", timeline: "타임라인", language: "언어",
  new_run: "새 실행", runs: "실행 목록", close: "닫기", cancel: "취소", start: "시작", help: "이것은 무엇인가요?",
  "theme.switch": "밝게 또는 어둡게", "link.copy": "이 화면의 링크 복사",
  "save.png": "PNG로 저장", "save.svg": "SVG로 저장", "save.csv": "수치를 CSV로 저장",

  pause: "일시정지", resume: "계속", step: "한 스텝", stop: "중지", pace: "속도", learning_rate: "학습률", progress: "진행 상황",
  "pace.full": "최고 속도", "pace.value": "초당 {pace}스텝", "progress.of": "{total}스텝 중 {step}", "progress.at": "{step}스텝",
  "time.elapsed": "{elapsed} 경과", "time.both": "{elapsed} 경과, {left} 남음",

  "state.queued": "대기 중", "state.preparing": "준비 중", "state.running": "학습 중", "state.paused": "일시정지됨", "state.finished": "완료됨",
  "state.stopped": "중지됨", "state.failed": "실패함", "state.interrupted": "중단됨", "source.worker": "내장 작업 프로세스", "source.script": "사용자 스크립트",

  unreachable: "서버에 연결할 수 없습니다. 계속 다시 시도하며, 이미 받은 내용은 그대로 남아 있습니다.",
  "link.lost": "연결이 끊어졌습니다. 학습은 계속되며, 다시 연결되면 화면이 곧바로 따라잡습니다.", "link.retry": "지금 다시 시도",
  "link.unknown": "그런 실행이 없습니다. 삭제되었거나 다른 서버의 링크입니다.",
  diverged: "{network}: {step}스텝에서 발산했습니다. 손실이나 그래디언트가 더 이상 유한하지 않습니다.", "diverged.show": "그 스텝 보기",
  failed: "실행이 실패했습니다: {reason}", interrupted: "{step}스텝에서 중단되었습니다. 서버나 작업 프로세스가 종료되었지만 기록된 내용은 모두 남아 있습니다.",
  nonfinite: "{network}: 유한하지 않은 값 {count}개",

  "welcome.title": "배치 정규화는 학습 중인 신경망에 무엇을 할까요?",
  "welcome.text": "두 신경망이 같은 가중치에서 출발해 같은 배치를 봅니다. 하나는 층을 정규화하고 다른 하나는 하지 않습니다. 각 층의 입력이 스텝마다 어떻게 이동하는지, 그것이 그래디언트에 어떤 영향을 주는지 지켜보세요.",
  "welcome.start": "시작", "welcome.configure": "설정 고르기", "welcome.runs": "이전 실행 ({count})", "welcome.experiments": "또는 질문으로 시작하기",
  "waiting.loading": "실행을 불러오는 중 …", "waiting.queued": "차례를 기다리는 중 …", "waiting.preparing": "준비하는 중 …", "waiting.running": "첫 측정을 기다리는 중 …",
  "waiting.paused": "첫 스텝 전에 일시정지됨", "waiting.finished": "이 실행에는 측정값이 없습니다", "waiting.stopped": "첫 측정 전에 중지됨",
  "waiting.failed": "첫 측정 전에 실패했습니다", "waiting.interrupted": "첫 측정 전에 중단되었습니다",

  "setup.title": "새 실행", "setup.preset": "출발점", "setup.own": "직접 설정", "setup.name": "이름", "setup.name.hint": "비워 두면 자동으로 지어집니다",
  "setup.refused": "사용할 수 없는 설정이 있습니다. 표시된 항목을 확인하세요.",
  "form.general": "학습", "form.kind": "종류", "form.item": "신경망 {number}", "form.remove": "신경망 {number} 삭제", "form.add": "신경망 추가", "form.bounds": "{low}~{high}",

  "runs.empty": "아직 실행이 없습니다. 하나 시작해 보세요. 몇 초면 됩니다.", "runs.loading": "목록을 불러오는 중 …",
  rename: "이름 변경", "rename.ask": "이 실행의 새 이름:", again: "다시 실행", recording: "기록 파일", delete: "삭제",
  "delete.ask": "{name} 실행과 그 기록을 삭제할까요? 되돌릴 수 없습니다.", "delete.live": "먼저 중지하세요", "describe.batch": "배치 {size}", "describe.seed": "시드 {seed}",

  "timeline.play": "재생", "timeline.pause": "재생 멈춤", "timeline.first": "첫 스텝으로", "timeline.back": "한 프레임 뒤로", "timeline.on": "한 프레임 앞으로",
  "timeline.step": "모든 차트에 보이는 스텝", "timeline.speed": "재생 속도", "timeline.live": "실시간",
  "event.diverged": "발산", "event.learning_rate": "학습률 변경", "event.pace": "속도 변경", "event.paused": "일시정지", "event.resumed": "계속", "event.note": "메모",

  "axis.step": "스텝", "axis.value": "값", "axis.sigmas": "윤곽선 평균으로부터의 거리 (윤곽선의 σ 단위)",
  "ridge.sigma": " σ", "ridge.nonfinite": "비유한 값 {count}개", scale: "축", "scale.sigma": "윤곽선의 σ", "scale.value": "값", compare: "윤곽선: 스텝",
  drift: "이동량", "drift.fitted": "0스텝 이후 이동량 (σ 단위)",
  "drift.wasserstein_over_sigma_from_start": "0스텝 이후 바서슈타인 거리 (σ 단위)", "drift.wasserstein_over_sigma_from_previous": "직전 프레임 이후 바서슈타인 거리 (σ 단위)",
  "drift.wasserstein_from_start": "0스텝 이후 바서슈타인 거리", "drift.wasserstein_from_previous": "직전 프레임 이후 바서슈타인 거리",
  "drift.mean_shift_from_start": "0스텝 이후 평균 이동 (σ 단위)", "drift.mean_shift_from_previous": "직전 프레임 이후 평균 이동 (σ 단위)",
  "drift.log_sigma_ratio_from_start": "0스텝 이후 |ln σ 비|", "drift.log_sigma_ratio_from_previous": "직전 프레임 이후 |ln σ 비|",
  "drift.gaussian_kl_from_start": "0스텝 이후 가우시안 KL", "drift.gaussian_kl_from_previous": "직전 프레임 이후 가우시안 KL",
  "density.ofpeak": "(그 스텝의 최댓값 대비)",

  "quantity.mean": "평균", "quantity.std": "표준편차", "quantity.gradient_norm": "그래디언트 노름", "quantity.saturated_fraction": "포화", "quantity.zero_fraction": "0 출력",
  "quantity.update_ratio": "갱신량 / 가중치", "quantity.l2": "‖G − G′‖₂", "quantity.cosine": "cos(G, G′)", "quantity.loss": "손실", "quantity.accuracy": "정확도",
  "quantity.gamma": "γ", "quantity.beta": "β", "curve.batch": "배치", "curve.train": "훈련 집합", "curve.test": "시험 집합",

  "view.ridges": "신경망별 깊이", "view.shift": "이동 지도", "view.loss": "손실과 정확도", "view.gradients": "그래디언트", "view.moments": "평균과 퍼짐",
  "view.affine": "γ와 β", "view.density": "시간에 따른 값", "view.gradient_shift": "그래디언트 이동", "view.units": "침묵한 유닛", "view.updates": "갱신 크기",
  "note.ridges": "지금의 비선형 함수 입력과 점선 윤곽", "note.shift": "색이 강할수록 0스텝에서 멀어졌습니다", "note.loss": "가는 선: 배치, 점선: 훈련 집합, 굵은 선: 시험 집합",
  "note.gradients": "연한 색: 입력 쪽, 진한 색: 출력 쪽", "note.moments": "연한 색: 입력 쪽, 진한 색: 출력 쪽", "note.affine": "선 하나가 채널 하나",
  "note.density": "한 층의 모든 스텝과 15, 50, 85 % 선", "note.gradient_shift": "앞선 층들이 한 층의 그래디언트를 얼마나 바꾸는가", "note.units": "그래디언트를 전달하지 않는 비율", "note.updates": "한 스텝의 크기 / 가중치의 크기",

  "help.ridges": "한 행은 한 층입니다. 맨 아래가 입력 쪽, 맨 위가 출력입니다. 한 열은 한 신경망입니다. 채워진 모양은 지금 그 층의 비선형 함수에 들어가는 입력의 분포이고, 점선은 비교하는 스텝(처음에는 0)의 분포입니다. 둘이 벌어진 곳에서 층의 입력이 이동한 것입니다.\n축은 윤곽선의 평균에서 그 표준편차(0.001 미만으로는 잡지 않음) 단위로 셉니다. 그래서 크기가 다른 층들을 비교할 수 있습니다. 높이는 윤곽선의 최댓값에 대한 비이며, 그보다 위에서는 천천히 커집니다. 가장자리의 백분율은 그 바깥에 있는 값의 비율입니다.\n층을 클릭하면 모든 차트가 따라옵니다.",
  "help.shift": "각 층의 분포가 얼마나 이동했는지를 층과 스텝별로, 모든 신경망에 같은 색 눈금으로 보여 줍니다. 고정된 탐침 배치로 이동량을 측정한 실행에서는 그 값을, 아니면 훈련 배치에 맞춘 가우시안 사이의 거리 √(Δμ² + Δσ²) / σ₀ 를 보여 줍니다.\n많이 이동했다고 반드시 나쁜 것은 아닙니다. 두 신경망 모두 잘 학습하는 경우가 많습니다. 그래디언트와 정확도를 함께 보세요.",
  "help.loss": "가는 선은 학습 중인 배치의 손실(정확도)입니다. 점선은 훈련 집합 전체, 굵은 선은 시험 집합이며 둘 다 평가 모드입니다. 평가 모드에서 배치 정규화는 이동 통계량을 사용합니다.\n선이 끊기면 그 신경망이 발산한 것입니다.",
  "help.gradients": "각 층 가중치에 대한 손실 그래디언트의 노름을 로그 축에 그립니다. 깊이에 따라 선이 벌어지면 그래디언트가 입력 쪽으로 가면서 소실되거나 폭발하는 것입니다.",
  "help.moments": "배치와 모든 유닛에 걸친 비선형 함수 입력의 평균과 표준편차입니다. 활성화 앞에 배치 정규화가 있으면 평균은 β의 평균, 퍼짐은 대략 γ의 크기입니다. 배치 정규화도 자기 출력을 움직이지만, 학습한 만큼만 움직입니다.",
  "help.affine": "배치 정규화는 채널마다 학습되는 배율 γ(1에서 시작)와 이동 β(0에서 시작)를 둡니다. 선 하나가 선택한 층의 채널 하나입니다.",
  "help.density": "선택한 층의 매 스텝 분포입니다. 칸의 색이 강할수록 그 스텝의 최댓값에 비해 많은 값이 그곳에 있습니다. 선은 백분위수입니다.",
  "help.gradient_shift": "내부 공변량 이동의 두 번째 의미입니다(Santurkar 외, 2018). 같은 배치에서, 앞선 층들이 갱신되기 전과 후의 한 층의 그래디언트를 비교합니다. 이동이 없으면 거리는 0, 코사인은 1입니다. 분포의 이동과 일치할 필요는 없으며 실제로 자주 다릅니다.",
  "help.units": "포화: 비선형 함수가 평평한 곳에 있는 활성값의 비율(시그모이드, tanh). 0 출력: 출력이 정확히 0인 비율(ReLU). 이런 유닛은 그래디언트를 전달하지 않습니다.",
  "help.updates": "한 번의 갱신의 노름을 가중치의 노름으로 나눈 값입니다. 0.001 정도가 흔하며, 훨씬 크면 불안정하고 훨씬 작으면 거의 배우지 못합니다.",

  "ridges.summary": "{network}: {layer} 층이 {drift} 시그마로 가장 많이 이동", "shift.summary": "{network}: {layer} 층의 이동량이 가장 큼, {drift}", "density.summary": "{network}, {layer}: 15 %는 {low} 아래, 절반은 {middle} 아래, 85 %는 {high} 아래",

  "field.dataset": "데이터", "field.variants": "신경망", "field.network": "구조", "field.optimizer": "옵티마이저", "field.batch_size": "배치 크기", "field.duration": "기간",
  "field.seed": "시드", "field.pace": "속도", "field.recording": "기록", "field.on_divergence": "발산하면", "field.normalization": "정규화", "field.name": "이름",
  "field.learning_rate": "학습률", "field.momentum": "모멘텀", "field.depth": "깊이", "field.width": "너비", "field.activation": "활성화 함수", "field.init": "초기화",
  "field.place": "위치", "field.eps": "ε", "field.affine": "γ와 β", "field.steps": "스텝", "field.epochs": "에포크", "field.frames": "프레임", "field.every": "간격", "field.alpha": "α", "field.beta1": "β₁", "field.beta2": "β₂",
  "option.digits": "손글씨 숫자", "option.mnist": "MNIST", "option.none": "없음", "option.batch": "배치 정규화", "option.mlp": "다층 퍼셉트론", "option.sgd": "SGD", "option.rmsprop": "RMSprop", "option.adam": "Adam",
  "option.relu": "ReLU", "option.momentum": "모멘텀 SGD", "option.steps": "스텝", "option.epochs": "에포크", "option.thinning": "처음엔 촘촘히, 점점 드물게", "option.every": "n스텝마다",
};
