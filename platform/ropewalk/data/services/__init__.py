"""Writes of the data room. The caller has passed the gate."""

from ropewalk.data.services.objects import receive_object, sweep_orphans

__all__ = ["receive_object", "sweep_orphans"]
