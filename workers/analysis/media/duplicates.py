"""Which files look alike: the same content, or for images and texts a look that is nearly the same."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

NEAR = 3  # of 64 bits
_BANDS = 4  # with at most NEAR bits wrong, one of four quarters of the hash is right
_PLAIN = 8  # bits set, or unset: an image so flat says nothing by its look
_CROWD = 400  # looks of one quarter that are compared each with each
Groups = npt.NDArray[np.int64]


def grouped(contents: Sequence[str], looks: Sequence[int | None], *, near: bool) -> Groups:
    """For each file the number of its group, 0 for one that is alone. The files' order does not change who belongs together.

    Groups are numbered in the order of their first file. ``near``: looks may differ in :data:`NEAR` bits, and plain looks count
    for nothing.
    """
    parents = list(range(len(contents)))
    _join_equal(parents, contents)
    useful = [
        look if look is not None and not (near and not _PLAIN <= look.bit_count() <= 64 - _PLAIN) else None
        for look in looks
    ]
    _join_equal(parents, useful)
    if near:
        _join_near(parents, useful)
    roots = np.array([_root(parents, place) for place in range(len(parents))], np.int64)
    return _numbered(roots)


def _root(parents: list[int], place: int) -> int:
    while parents[place] != place:
        parents[place] = parents[parents[place]]
        place = parents[place]
    return place


def _join(parents: list[int], one: int, other: int) -> None:
    first, second = sorted((_root(parents, one), _root(parents, other)))
    parents[second] = first


def _join_equal(parents: list[int], values: Sequence[str | int | None]) -> None:
    first: dict[str | int, int] = {}
    for place, value in enumerate(values):
        if value is not None:
            _join(parents, first.setdefault(value, place), place)


def _join_near(parents: list[int], looks: Sequence[int | None]) -> None:
    """Looks of which a quarter is equal are candidates (Manku et al. 2007); in a crowd only neighbours by value are."""
    places: dict[int, int] = {}
    for place, look in enumerate(looks):
        if look is not None:
            places.setdefault(look, place)
    distinct = np.array(sorted(places), np.uint64)
    for band in range(_BANDS):
        quarters = (distinct >> np.uint64(16 * band)) & np.uint64(0xFFFF)
        order = np.argsort(quarters, kind="stable")
        cuts = np.flatnonzero(np.diff(quarters[order])) + 1
        for members in np.split(order, cuts):
            if len(members) > 1:
                _join_band(parents, distinct[members], places)


def _join_band(parents: list[int], looks: npt.NDArray[np.uint64], places: dict[int, int]) -> None:
    reach = len(looks) if len(looks) <= _CROWD else 8
    for step in range(1, reach):
        close = np.flatnonzero(np.bitwise_count(looks[step:] ^ looks[:-step]) <= NEAR)
        for one in close:
            _join(parents, places[int(looks[one])], places[int(looks[one + step])])


def _numbered(roots: Groups) -> Groups:
    distinct, first, inverse, counts = np.unique(
        roots, return_index=True, return_inverse=True, return_counts=True
    )
    numbers = np.zeros(len(distinct), np.int64)
    together = np.flatnonzero(counts > 1)
    together = together[np.argsort(first[together], kind="stable")]
    numbers[together] = np.arange(1, len(together) + 1)
    return numbers[inverse]
