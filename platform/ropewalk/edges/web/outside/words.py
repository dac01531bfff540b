"""Names that other servers give, as they can be shown: what can't be seen, or turns text around, is written out."""

import re

_UNSEEN = re.compile(
    "[\x00-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
)


def visible(name: str) -> str:
    """The name with every such sign as its number in angle brackets."""
    return _UNSEEN.sub(lambda sign: f"⟨{ord(sign[0]):02x}⟩", name)
