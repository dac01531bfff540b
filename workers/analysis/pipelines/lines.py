"""In which line of a ``dvc.yaml`` each stage is."""

from typing import Any

import yaml

_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_OPENS = (yaml.MappingStartEvent, yaml.SequenceStartEvent)
_CLOSES = (yaml.MappingEndEvent, yaml.SequenceEndEvent)


def stage_lines(text: str) -> dict[str, int]:
    """Stage → line, counted from 1. For a text that :func:`read_yaml` accepts; what it can't tell is left out."""
    found: dict[str, int] = {}
    depth, is_key, inside = 0, True, False
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, _CLOSES):
                depth -= 1
                inside = inside and depth >= 2
                is_key = True  # what closed at the depths of interest was a value
            elif depth in {1, 2} and is_key and isinstance(event, yaml.ScalarEvent):
                if depth == 1:
                    inside = event.value == "stages"
                elif inside:
                    found.setdefault(event.value, _line(event))
                is_key = False
            else:
                is_key = True
                depth += isinstance(event, _OPENS)
    except yaml.YAMLError:
        return found
    return found


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1
