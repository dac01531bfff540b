"""A commit's pipeline: its stages with templates worked out, how they hang together, and whether they are up to date.

- ``templates``  ``vars``, ``foreach`` and ``matrix`` of a ``dvc.yaml``
- ``stages``     a stage as ``dvc.yaml`` declares it
- ``contents``   what the commit itself has at a path, in DVC's own hashes
- ``freshness``  why a stage would be run again
- ``graph``      which stage needs what another makes
- ``plots``      what is to be drawn
- ``document``   all of it, as the page reads it

Nothing is run, fetched or trusted; everything is bounded.
"""

from workers.analysis.pipelines.document import read_pipeline

__all__ = ["read_pipeline"]
