"""What a commit tracks, read from DVC's pointer files without running, fetching or trusting anything in them.

- ``yaml_reader``  YAML 1.2 with bounds on size, depth, nodes and aliases
- ``documents``    YAML, JSON and TOML files as JSON values that PostgreSQL can store
- ``paths``        paths inside a repository
- ``outputs``      one output or dependency as ``.dvc`` and ``dvc.lock`` write it
- ``pipeline``     ``dvc.yaml`` and ``dvc.lock``
- ``revision``     a whole commit

Facts come from ``.dvc`` and ``dvc.lock``; what ``dvc.yaml`` leaves to DVC's templates is shown as declared.
"""

from workers.analysis.pointers.revision import Facts, FileRef, read_revision

__all__ = ["Facts", "FileRef", "read_revision"]
