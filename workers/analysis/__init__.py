"""Pure computation: profiles, drift, run comparison. Knows neither Django nor Celery nor where bytes are kept."""

import sys
from importlib.machinery import ModuleSpec

import pyarrow as pa


class _WithoutPandas:
    """Says that there is no pandas."""

    @staticmethod
    def find_spec(name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """Nothing for every other name: the next finder knows."""
        if name == "pandas":
            raise ModuleNotFoundError(name)
        return None


def _keep_pandas_out() -> None:
    """Arrow looks for pandas once, with its first array, only to recognize its types: 30 MiB in every worker.

    Afterwards it can be imported like any other, and Arrow finds it when it is told to convert to it.
    """
    sys.meta_path.insert(0, _WithoutPandas)
    try:
        pa.array([0])
    finally:
        sys.meta_path.remove(_WithoutPandas)


_keep_pandas_out()
