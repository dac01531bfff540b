"""Facts of an ONNX model against ``onnx``'s own writer and reader; damaged and hostile files end in words."""

import io

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from workers.analysis.errors import AnalysisError
from workers.analysis.preview.onnx import onnx_facts


def _model() -> bytes:
    weights = [
        numpy_helper.from_array(np.ones((4, 3), dtype=np.float32), "w"),
        numpy_helper.from_array(np.zeros(3, dtype=np.float64), "b"),
    ]
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w"], ["h"]),
            helper.make_node("Add", ["h", "b"], ["s"]),
            helper.make_node("Add", ["s", "s"], ["t"]),
            helper.make_node("Gelu", ["t"], ["y"], domain="com.example"),
        ],
        "wine",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 4]),
         helper.make_tensor_value_info("w", TensorProto.FLOAT, [4, 3])],
        [helper.make_tensor_value_info("y", TensorProto.BFLOAT16, [None, 3])],
        weights,
    )  # fmt: skip
    model = helper.make_model(
        graph,
        producer_name="ropewalk-tests",
        producer_version="7",
        opset_imports=[helper.make_opsetid("", 20), helper.make_opsetid("com.example", 1)],
    )
    helper.set_model_props(model, {"trained_on": "wine at v3"})
    return bytes(model.SerializeToString())


MODEL = _model()


def test_what_the_library_wrote_is_read():
    known = onnx.load_from_string(MODEL)
    document = onnx_facts(io.BytesIO(MODEL))
    facts = dict(document["facts"])
    assert document["format"] == "ONNX model"
    assert facts["Graph"] == known.graph.name == "wine"
    assert (facts["Producer"], facts["Producer version"]) == ("ropewalk-tests", "7")
    assert facts["IR version"] == str(known.ir_version)
    assert facts["Operator sets"] == "ai.onnx 20, com.example 1"
    assert facts["trained_on"] == "wine at v3"
    assert (facts["Nodes"], facts["Initializers"], facts["Parameters"]) == ("4", "2", "15")
    inputs, outputs, operators = (table["rows"] for table in document["tables"])
    assert inputs == [["x", "float32", "batch × 4"]]  # what has weights is no input
    assert outputs == [["y", "bfloat16", "? × 3"]]
    assert operators[0] == ["Add", 2] and sorted(operators[1:]) == [["MatMul", 1], ["com.example.Gelu", 1]]


@pytest.mark.parametrize("name", sorted(set(TensorProto.DataType.keys()) - {"UNDEFINED", "DOUBLE"}))
def test_each_type_has_its_name(name):
    number = TensorProto.DataType.Value(name)
    value = helper.make_tensor_value_info("x", number, [1])
    model = helper.make_model(helper.make_graph([], "g", [value], []))
    shown = onnx_facts(io.BytesIO(model.SerializeToString()))["tables"][0]["rows"][0][1]
    assert shown == {"FLOAT": "float32"}.get(name, name.lower()), number


@pytest.mark.parametrize("content", [b"", b"\xff" * 64, b"\x80" * 4096, b"PK\x03\x04", b"{}"])
def test_what_is_no_model_is_said(content):
    with pytest.raises(AnalysisError):
        onnx_facts(io.BytesIO(content))


@given(st.integers(0, len(MODEL) - 1), st.integers(0, 255), st.integers(0, len(MODEL)))
def test_a_damaged_model_is_read_or_refused_and_nothing_else(at, byte, end):
    damaged = bytearray(MODEL)
    damaged[at] = byte
    codes = set()
    for content in (bytes(damaged), MODEL[:end]):
        try:
            onnx_facts(io.BytesIO(content))
        except AnalysisError as error:
            codes.add(error.code)
    assert codes <= {"damaged_file", "too_large"}
