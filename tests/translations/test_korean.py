"""What can be held mechanically of how the program writes Korean; the rest is a native reader's to judge."""

import re

import pytest

from shiftscope.translations import read

CATALOGUE = read("ko")
TEXTS = {
    f"{section}: {key}": text
    for section, texts in CATALOGUE.items()
    if isinstance(texts, dict)
    for key, text in texts.items()
}

HANGUL = re.compile("[가-힣]")

BANNED = {
    "그래디언트|그라디언트": "기울기",
    "이동(?! ?(?:평균|분산))": "변화 (이동 only of 이동 평균)",
    "시험": "테스트",
    "훈련(?! 세트)": "학습 (훈련 only in 훈련 세트)",
    "집합": "세트",
    "비선형": "활성화 함수",
    "활성화 (?:앞|뒤|이후|전)": "활성화 함수 앞, 뒤, 입력",
    "배율": "스케일",
    "윤곽": "기준 분포",
    "퍼짐": "표준편차",
    "갱신": "업데이트",
    "침묵": "비활성",
    "관찰": "측정",
    "탐침": "고정 측정용 배치",
    "표집|표본 이동": "표본 추출 차이",
    "손실면|손실 지형": "손실 곡면",
    "자비에": "Xavier",
    "보폭": "스텝 크기",
    "은닉값": "은닉 유닛 출력",
    "지지(?:됨|되|하)": "주장과 일치",
    "견디|견뎌|견딤": "학습이 되다",
    "떠도|떠돌|떠돎": "흔들리다",
    "합쳐 없애|합쳐 넣": "폴딩",
    "감마|베타": "γ, β",
    "시행": "실행",
    "매개변수": "파라미터",
    "매끄러움": "평활도",
    "띠": "구간",
    "분포 변화(?! 지도)": "변화량 (분포 변화 only in 분포 변화 지도)",
    "출발점": "시작 설정 or 시작점",
    r"스텝 \{|스텝 \d": "{n}스텝",
    r"\((?:으|이|가|을|를|은|는|와|과)\)": "a wording that needs no particle after a value",
}
"""A word that is not used, and what is said instead."""


@pytest.mark.parametrize("words", BANNED)
def test_one_word_for_one_thing(words):
    found = {key: text for key, text in TEXTS.items() if re.search(words, text)}
    assert not found, f"say {BANNED[words]}"


def test_units_stand_close_to_their_number():
    close = re.compile(r"[\d}] (?:%|스텝|에포크|퍼센트포인트|번|배(?![치열])|개(?!의)|회|초)")
    assert not {key: text for key, text in TEXTS.items() if close.search(text)}


PLAIN = re.compile(r"(?<!니)다$|[았었겠않]음$|[가-힣] [가-힣]*(?:됨|함|짐)$")


def test_a_sentence_ends_politely():
    """합니다체: a sentence ends in 니다, 요 or 까; a plain ending (낮다, 된다, 있음, 하지 않음) is none."""
    for key, text in TEXTS.items():
        for sentence in re.split(r"(?<=[.?!])\s+|\n|; ", text):
            bare = re.sub(r"\([^()]*\)$", "", sentence.rstrip(".?!")).rstrip()
            if sentence.endswith("."):
                assert bare.endswith(("니다", "요")) or not re.search("[가-힣]$", bare), (key, sentence)
            if re.search("[가-힣]$", bare) and not bare.endswith(("보다", "마다")):
                assert not re.search(r"(?<!니)다$|[았었겠않]음$|[가-힣] [가-힣]*(?:됨|함|짐)$", bare), (
                    key,
                    sentence,
                )


def test_what_is_not_translated_is_meant_so():
    names = {"BN", "Adam", "CNN", "MLP", "RMSprop", "SGD", "ZCA", "tanh", "He, ReLU", "Xavier, tanh", "CIFAR-10"}
    names |= {"MNIST", "Fashion-MNIST", "ReLU", "SyncBN", "Var", "He:", "Xavier:", "min"}
    plain = {
        key: text for key, text in TEXTS.items() if not re.search("[가-힣]", text) and re.search("[A-Za-z]{2}", text)
    }
    signs = {key for key, text in plain.items() if text in names or "{" in text or re.search("[()/]", text)}
    assert set(plain) == signs


def test_of_several_sentences_the_last_one_ends_too():
    several = re.compile(r"(?:다|요|까)\. .*(?:다|요|까|오)$", re.DOTALL)
    assert not {key: text for key, text in TEXTS.items() if several.search(text)}
