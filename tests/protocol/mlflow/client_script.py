"""What a data scientist's program does with MLflow, run by an unmodified client (2.x or 3.x) in its own environment.

Configured by MLflow's own variables alone (``MLFLOW_TRACKING_URI``, ``…_USERNAME``, ``…_PASSWORD``). Prints one line for each
part and ``all done`` at its end; any surprise is an exception.
"""

import hashlib
import math
import os
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot
import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag, ViewType
from mlflow.exceptions import MlflowException
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

matplotlib.pyplot.switch_backend("Agg")
MAJOR = int(mlflow.__version__.split(".")[0])
BIG_MB = int(os.environ.get("BIG_MB", "200"))


def part(name: str) -> None:
    """Say where we are."""
    sys.stdout.write(f"{time.time() % 1000:8.2f} {name}\n")
    sys.stdout.flush()


def refused(call, *words: str) -> None:
    """``call`` must raise an MlflowException that holds all the words."""
    text = None
    try:
        call()
    except MlflowException as error:
        text = str(error)
    assert text is not None, "nothing was refused"
    assert all(word in text for word in words), text


client = MlflowClient()
part(f"client {mlflow.__version__}, Python {sys.version.split()[0]}")

# --- a run without set_experiment goes to the project's Default
with mlflow.start_run(run_name="in default") as run:
    mlflow.log_metric("m", 1.0)
default = client.get_experiment("0")
assert default.name == "Default" and run.info.experiment_id == default.experiment_id, (default, run.info)
assert [found.info.run_id for found in client.search_runs(["0"])] == [run.info.run_id]
part("default experiment")

# --- experiments
name = f"spine-{MAJOR}"
experiment = mlflow.set_experiment(name)
experiment_id = experiment.experiment_id
client.set_experiment_tag(experiment_id, "team", "rope")
assert client.get_experiment_by_name(name).tags["team"] == "rope"
refused(lambda: client.create_experiment(name), "already exists")
refused(lambda: client.create_experiment("elsewhere", artifact_location="s3://bucket/x"), "artifact_location")
refused(lambda: client.get_experiment("999999"), "999999")
ids = [client.create_experiment(f"many-{number}") for number in range(5)]
first = client.search_experiments(max_results=3, filter_string="name LIKE 'many-%'", order_by=["name ASC"])
second = client.search_experiments(
    max_results=3, filter_string="name LIKE 'many-%'", order_by=["name ASC"], page_token=first.token
)
assert [e.name for e in first] + [e.name for e in second] == [f"many-{number}" for number in range(5)]
client.delete_experiment(ids[0])
assert client.get_experiment(ids[0]).lifecycle_stage == "deleted"
client.restore_experiment(ids[0])
client.rename_experiment(ids[1], "renamed")
assert client.get_experiment(ids[1]).name == "renamed"
part("experiments")

# --- runs: nested, batches, histories, NaN and infinity, tags, limits
with mlflow.start_run(run_name="parent", description="the parent", tags={"stage": "first"}) as parent:
    for number in range(3):
        with mlflow.start_run(run_name=f"child {number}", nested=True) as child:
            mlflow.log_params(
                {"lr": 0.1 * (number + 1), "model": ["forest", "linear", "boost"][number], "long": "x" * 7000}
            )
            mlflow.log_metrics({"accuracy": 0.8 + 0.05 * number, "odd name/with slash": number})
            mlflow.set_tag("number", number)
children = client.search_runs([experiment_id], f"tags.`mlflow.parentRunId` = '{parent.info.run_id}'")
assert len(children) == 3 and len(children[0].data.params["long"]) == 6000
now = int(time.time() * 1000)
client.log_batch(
    parent.info.run_id,
    metrics=[Metric("loss", 1 / (step + 1), now + step, step) for step in range(1000)],
    params=[],
    tags=[],
)
client.log_batch(
    parent.info.run_id,
    metrics=[Metric("loss", 1 / (step + 1), now + step, step) for step in range(500, 1500)],
)
client.log_batch(
    parent.info.run_id, params=[Param(f"p{i}", str(i)) for i in range(100)], tags=[RunTag("k", "v")]
)
history = client.get_metric_history(parent.info.run_id, "loss")
assert len(history) == 1500 and history[-1].step == 1499 and abs(history[3].value - 0.25) < 1e-12, len(
    history
)
for step, value in enumerate([math.nan, math.inf, -math.inf, 2.5]):
    client.log_metric(parent.info.run_id, "odd", value, step=step)
odd = [metric.value for metric in client.get_metric_history(parent.info.run_id, "odd")]
finite = [value for value in odd if not math.isnan(value)]
assert len(odd) == 4 and len(finite) == 3 and max(finite) >= 1.7e308 and min(finite) <= -1.7e308, odd
assert client.get_run(parent.info.run_id).data.metrics["odd"] == 2.5
refused(lambda: client.log_param(parent.info.run_id, "p1", "other"), "p1")
client.set_tag(parent.info.run_id, "gone", "1")
client.delete_tag(parent.info.run_id, "gone")
assert "gone" not in client.get_run(parent.info.run_id).data.tags
client.update_run(parent.info.run_id, status="FINISHED", name="renamed parent")
assert client.get_run(parent.info.run_id).info.run_name == "renamed parent"
part("runs")

# --- search with filters, order and paging
best = client.search_runs(
    [experiment_id],
    "metrics.accuracy > 0.82 AND params.model != 'linear'",
    order_by=["metrics.accuracy DESC"],
)
assert [round(r.data.metrics["accuracy"], 2) for r in best] == [0.9], best
assert (
    len(client.search_runs([experiment_id], "params.model ILIKE 'FOREST' and attributes.status = 'FINISHED'"))
    == 1
)
refused(lambda: client.search_runs([experiment_id], "metrics.accuracy > 'x'"), "numeric")
paged: list[str] = []
token = None
while True:
    page = client.search_runs(
        [experiment_id], max_results=3, page_token=token, order_by=["attributes.start_time ASC"]
    )
    paged += [r.info.run_id for r in page]
    token = page.token
    if not token:
        break
assert len(paged) == len(set(paged)) == 4, paged
frame = mlflow.search_runs([experiment_id], filter_string="metrics.accuracy > 0")
assert len(frame) == 3 and "params.lr" in frame
client.delete_run(paged[0])
assert paged[0] not in [r.info.run_id for r in client.search_runs([experiment_id])]
assert paged[0] in [
    r.info.run_id for r in client.search_runs([experiment_id], run_view_type=ViewType.DELETED_ONLY)
]
refused(lambda: client.log_metric(paged[0], "m", 1), "active")
client.restore_run(paged[0])
part("search, delete, restore")

# --- artifacts, figures, text, a large file
with tempfile.TemporaryDirectory() as folder, mlflow.start_run(run_name="artifacts") as run:
    root = Path(folder)
    (root / "tree/deep").mkdir(parents=True)
    (root / "tree/a.txt").write_text("a")
    (root / "tree/deep/ü name.txt").write_text("deep")
    (root / "tree/empty").write_bytes(b"")
    mlflow.log_artifacts(str(root / "tree"), "tree")
    mlflow.log_text("some text", "notes/text.txt")
    mlflow.log_dict({"a": [1, 2]}, "notes/dict.json")
    figure, axes = matplotlib.pyplot.subplots()
    axes.plot([1, 2, 3])
    mlflow.log_figure(figure, "figures/plot.png")
    mlflow.log_image(np.zeros((8, 8, 3), dtype=np.uint8), "figures/image.png")
    mlflow.log_table({"q": ["a", "b"], "s": [1, 2]}, "table.json")
    assert [a.path for a in client.list_artifacts(run.info.run_id, "tree")] == [
        "tree/a.txt",
        "tree/deep",
        "tree/empty",
    ]
    assert [a.path for a in client.list_artifacts(run.info.run_id, "tree/deep")] == ["tree/deep/ü name.txt"]
    got = Path(
        mlflow.artifacts.download_artifacts(
            run_id=run.info.run_id, artifact_path="tree", dst_path=f"{folder}/back"
        )
    )
    assert (got / "deep/ü name.txt").read_text() == "deep" and (got / "empty").read_bytes() == b""
    assert mlflow.artifacts.load_text(f"{run.info.artifact_uri}/notes/text.txt") == "some text"
    block = os.urandom(1 << 20)
    with (root / "big.bin").open("wb") as big:
        for _ in range(BIG_MB):
            big.write(block)
    mlflow.log_artifact(str(root / "big.bin"))
    back = mlflow.artifacts.download_artifacts(
        run_id=run.info.run_id, artifact_path="big.bin", dst_path=f"{folder}/back"
    )
    digest = hashlib.sha256()
    with Path(back).open("rb") as copy:
        while data := copy.read(1 << 20):
            digest.update(data)
    assert digest.digest() == hashlib.sha256(block * BIG_MB).digest()
    refused(
        lambda: client.download_artifacts(run.info.run_id, "no/such.txt"), "no/such.txt"
    ) if MAJOR < 3 else None
part(f"artifacts, {BIG_MB} MB")

# --- data sets
iris = load_iris(as_frame=True)
data = mlflow.data.from_pandas(iris.frame, name="iris", targets="target")
with mlflow.start_run(run_name="training") as run:
    mlflow.log_input(data, context="training")
    # --- models and the registry
    model = LogisticRegression(max_iter=500).fit(iris.data, iris.target)
    sample = iris.data.head()
    if MAJOR >= 3:
        info = mlflow.sklearn.log_model(
            model, name="model", input_example=sample, registered_model_name=f"forest-{MAJOR}"
        )
    else:
        info = mlflow.sklearn.log_model(
            model, "model", input_example=sample, registered_model_name=f"forest-{MAJOR}"
        )
inputs = client.get_run(run.info.run_id).inputs.dataset_inputs
assert inputs[0].dataset.name == "iris" and inputs[0].tags[0].value == "training"
expected = model.predict(iris.data)
assert (mlflow.sklearn.load_model(info.model_uri).predict(iris.data) == expected).all()
assert (mlflow.pyfunc.load_model(f"models:/forest-{MAJOR}/1").predict(iris.data) == expected).all()
part("data sets, log_model, load_model")

registered = f"forest-{MAJOR}"
client.set_registered_model_alias(registered, "champion", "1")
assert client.get_model_version_by_alias(registered, "champion").run_id == run.info.run_id
assert (mlflow.sklearn.load_model(f"models:/{registered}@champion").predict(iris.data) == expected).all()
again = mlflow.register_model(info.model_uri, registered)
assert str(again.version) == "2"
client.set_model_version_tag(registered, "2", "checked", "yes")
client.set_registered_model_tag(registered, "owner", "rope")
client.update_model_version(registered, "2", description="the second")
assert client.get_model_version(registered, "2").description == "the second"
assert [str(v.version) for v in client.search_model_versions(f"name = '{registered}'")] == ["2", "1"]
assert [
    m.name
    for m in client.search_registered_models("name LIKE 'forest-%'", max_results=10)
    if m.name == registered
]
client.delete_registered_model_alias(registered, "champion")
refused(lambda: client.get_model_version_by_alias(registered, "champion"), "champion")
client.delete_model_version(registered, "2")
client.rename_registered_model(registered, f"{registered}-renamed")
client.delete_registered_model(f"{registered}-renamed")
refused(lambda: client.get_registered_model(f"{registered}-renamed"), "not found")
part("registry")

if MAJOR >= 3:
    # --- logged models, traces
    logged = mlflow.search_logged_models(experiment_ids=[experiment_id], output_format="list")
    assert [found.name for found in logged] == ["model"], logged
    assert client.get_run(run.info.run_id).outputs.model_outputs[0].model_id == logged[0].model_id

    @mlflow.trace
    def add(x: int, y: int) -> int:
        """A traced function."""
        return x + y

    assert add(1, 2) == 3
    mlflow.flush_trace_async_logging() if hasattr(mlflow, "flush_trace_async_logging") else None
    trace_id = mlflow.get_last_active_trace_id()
    trace = client.get_trace(trace_id)
    assert trace.data.spans[0].name == "add" and trace.info.experiment_id == experiment_id
    mlflow.set_trace_tag(trace_id, "colour", "red")
    assert [
        t.info.trace_id
        for t in client.search_traces(locations=[experiment_id], filter_string="tags.colour = 'red'")
    ] == [trace_id]
    mlflow.log_feedback(trace_id=trace_id, name="good", value=True)
    mlflow.log_expectation(trace_id=trace_id, name="sum", value=3)
    assert {a.name for a in client.get_trace(trace_id).info.assessments} == {"good", "sum"}
    mlflow.set_experiment(experiment_id=client.get_experiment("0").experiment_id)
    add(3, 4)
    mlflow.flush_trace_async_logging() if hasattr(mlflow, "flush_trace_async_logging") else None
    assert len(client.search_traces(locations=["0"])) == 1
    part("logged models, traces")

    from mlflow.genai.datasets import create_dataset, get_dataset

    made = create_dataset(name="questions", experiment_id="0", tags={"v": "1"})
    made.merge_records([{"inputs": {"q": "what?"}, "expectations": {"a": "that"}}])
    assert get_dataset(dataset_id=made.dataset_id).to_df().iloc[0]["inputs"] == {"q": "what?"}
    prompt = mlflow.genai.register_prompt(name="greet", template="Hello {{name}}", commit_message="first")
    assert mlflow.genai.load_prompt("prompts:/greet/1").template == "Hello {{name}}" and prompt.version == 1
    assert "greet" not in [m.name for m in client.search_registered_models()]
    part("evaluation data sets, prompts")

assert pd.__version__
part("all done")
