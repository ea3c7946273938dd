import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from shiftscope.lab.data.idx import parse
from shiftscope.lab.data.types import FormatError

from .idx_files import idx

arrays = st.integers(1, 4).flatmap(
    lambda ndim: hnp.arrays(np.uint8, hnp.array_shapes(min_dims=ndim, max_dims=ndim, min_side=0, max_side=5))
)


@given(arrays)
def test_what_was_written_is_read(array):
    assert np.array_equal(parse(idx(array), array.ndim), array)


@given(arrays, st.data())
def test_any_file_cut_short_or_too_long_is_refused(array, data):
    whole = idx(array)
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(FormatError, match=r"cut off|truncated"):
        parse(whole[:cut], array.ndim)
    with pytest.raises(FormatError, match="too long"):
        parse(whole + b"\0", array.ndim)


@given(st.binary(max_size=60), st.integers(1, 3))
def test_any_other_bytes_are_refused_in_words(content, dimensions):
    try:
        assert idx(parse(content, dimensions)) == content
    except FormatError as refusal:
        words = str(refusal)
    else:
        return
    assert words.startswith(("is ", "begins with "))


def test_another_type_or_number_of_dimensions_is_named():
    with pytest.raises(FormatError, match="begins with 00000801, an IDX file of 3-D bytes begins with 00000803"):
        parse(idx(np.zeros(20, np.uint8)), 3)
    with pytest.raises(FormatError, match="begins with 00000d01"):
        parse(b"\0\0\x0d\x01" + bytes(8), 1)


def test_the_message_says_how_much_is_there():
    with pytest.raises(FormatError, match="is truncated: its header announces 2 x 3 x 4 values, 20 follow"):
        parse(idx(np.zeros((2, 3, 4), np.uint8))[:-4], 3)
