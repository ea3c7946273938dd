/** 실험 화면의 문구: 갤러리, 시행, 판정, 안내. */
export default {
  home: "시작 화면으로",
  "gallery.title": "실험", "gallery.lead": "배치 정규화에 관한 주장 {count}가지. 각각 질문 하나, 1분 안팎의 실행, 측정값에 따른 판정으로 이루어집니다.", "gallery.all": "모든 실험",
  "group.training": "학습이 더 잘 되나요?", "group.shift": "이동 자체", "group.signal": "그래디언트, 초기화, 입력", "group.batches": "배치, 잡음, 사용",
  "group.inside": "무엇이며 어디에 두나요?", "group.others": "다른 정규화", "group.more": "그 밖에",

  "experiment.number": "주장 {number}", "experiment.prediction": "주장하는 내용", "experiment.watch": "볼 것", "experiment.formulae": "수식", "experiment.rule": "판정 기준",
  "experiment.runs": "실행", "experiment.sources": "출처", "experiment.trials": "지난 시행", "experiment.quick": "시작 (빠르게)", "experiment.full": "전체 시작 (실행 {runs}개)", "experiment.full.one": "전체 시작",
  "experiment.quick_note": "빠르게: {note}",

  "trial.which": "실행 {of}개 중 {at}번째", "trial.going_on": "진행 중", "trial.without": "판정 없음", "trial.results": "결과", "trial.change": "한 가지 바꿔 보기",
  "verdict.supported": "지지됨", "verdict.not_supported": "지지되지 않음", "verdict.depends": "경우에 따라 다름",
  "verdict.supported.title": "지지됨", "verdict.not_supported.title": "지지되지 않음", "verdict.depends.title": "경우에 따라 다름",
  "verdict.none": "판정 없음", "verdict.not_yet": "아직 판정 없음", "verdict.waiting": "실행 {of}개 중 {count}개가 끝났습니다. 모두 끝나면 판정이 나옵니다.", "verdict.broken": "실행 ‘{run}’이(가) 끝까지 가지 못했습니다 ({state}): {reason}", "verdict.no_reason": "직접 중지함",
  "verdict.claimed": "주장:", "verdict.holds": "성립", "verdict.fails": "성립하지 않음", "verdict.table": "양쪽의 수치", "verdict.figures": "측정한 모든 값", "verdict.figure": "항목",
  "verdict.quick": "빠른 시행의 결과입니다. {note}",

  guide: "안내", "guide.step": "{of}단계 중 {at}단계", "guide.next": "다음", "guide.back": "이전", "guide.done": "마침", "guide.close": "안내 끝내기", "guide.change": "이제 한 가지를 바꿔 보세요:",

  "view.sweep": "나란히 본 실행들", "note.sweep": "실행마다 한 칸, 시드는 겹쳐서", "sweep.quantity": "표시할 값",
  "help.sweep": "각 칸은 이 실험의 실행 하나이고 세로축은 모두 같습니다. 선 하나가 신경망 하나이며, 가는 선은 다른 시드입니다.\n일찍 끊긴 선은 발산한 신경망입니다.",
  "sweep.summary": "{label}, {network}: 마지막 {quantity} {value}",
  "view.surface": "손실면", "note.surface": "손실의 등고선과 내려가는 길",
  "help.surface": "선형 모델의 손실을 두 가중치의 함수로 그린 것입니다. 밝기와 등고선은 손실의 로그값이고, 십자는 가장 낮은 점입니다.\n선은 가장 좋은 고정 보폭을 쓴 경사 하강의 경로입니다. 긴 골짜기에서는 기어가고, 둥근 그릇에서는 바닥까지 곧장 갑니다.",
  "surface.summary": "{label}: 경사 하강 {steps}스텝, 손실 {from}에서 {to}까지", "surface.step": "경사 하강의 스텝", "surface.play": "내려가는 과정 보기", "surface.pause": "여기서 멈추기", "surface.at": "{label}: {steps}스텝 중 {step}, 손실 {loss}",
  "input.age": "나이", "input.height": "키",
  "quantity.test_accuracy": "시험 정확도", "quantity.test_loss": "시험 손실", "quantity.train_accuracy": "훈련 정확도", "quantity.train_loss": "훈련 손실", "event.measured": "판정을 위해 측정함",
};
