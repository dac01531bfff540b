"""Confidence intervals of means. The web process loads no numerics library, so the one quantile that it needs is here."""

import math

_Z = 1.959963984540054
# Student's t, 0.975 quantile, for 1 to 30 degrees of freedom.
_T = (
    12.706204736174694, 4.302652729749462, 3.182446305283708, 2.7764451051977934, 2.5705818356363146, 2.446911851144969,
    2.364624251592784, 2.306004135204166, 2.262157162798204, 2.228138851986273, 2.200985160091638, 2.178812829667229,
    2.160368656462792, 2.1447866879169273, 2.13144954555977, 2.119905299221255, 2.109815577833317, 2.100922040241039,
    2.093024054408309, 2.085963447265864, 2.079613844727681, 2.0738730679040254, 2.0686576104190477, 2.063898561628025,
    2.0595385527532972, 2.05552943864287, 2.0518305164802856, 2.048407141795246, 2.045229642132704, 2.0422724563012378,
)  # fmt: skip


def t_quantile(freedom: int) -> float:
    """The 0.975 quantile of Student's t; beyond 30 degrees by its expansion around the normal (Abramowitz and Stegun 26.7.5)."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    z, n = _Z, float(freedom)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / n + second / n**2 + third / n**3


def half_width(deviation: float | None, count: int) -> float | None:
    """Half the width of a mean's 95 % confidence interval, by the sample's standard deviation; None of fewer than two values."""
    if deviation is None or count < 2:
        return None
    return t_quantile(count - 1) * deviation / math.sqrt(count)
