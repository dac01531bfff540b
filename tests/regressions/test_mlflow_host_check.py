"""MLflow's own check of host names was on under gunicorn: it was switched off after MLflow's server had been imported.

It knows localhost and private addresses alone, so an instance under a public name could not have tracked anything.
"""

import subprocess
import sys

SCRIPT = """
import gunicorn, django
django.setup()
from ropewalk.edges.mlflow_http import runtime
checks = [check.__name__ for check in runtime.load().before_request_funcs.get(None, [])]
print(" ".join(checks))
"""


def test_under_gunicorn_django_alone_checks_hosts() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    checks = done.stdout.split()
    assert checks and not {"validate_host", "block_cross_origin_state_changes"} & set(checks), checks
