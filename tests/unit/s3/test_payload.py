"""Bodies in pieces: however they are cut on the way, they come out whole or not at all."""

import base64
import hashlib
import hmac
import itertools
import zlib
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ropewalk.edges.s3_http.checksums import Checks
from ropewalk.edges.s3_http.faults import S3Error
from ropewalk.edges.s3_http.payload import decoded
from ropewalk.edges.s3_http.signing import Seal, signing_key

UNSIGNED = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
SIGNED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
SEAL = Seal(
    signing_key("secret", "20260101", "r"), "20260101T000000Z", "20260101/r/s3/aws4_request", "0" * 64
)


def crc(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def framed(data: bytes, sizes: list[int], *, signed: bool = False, trailer: str = "") -> bytes:
    """The body as a client frames it; written from the description of the format, not from our reader."""
    before, out, at = SEAL.signature, b"", 0
    for size in [*sizes, max(0, len(data) - sum(sizes)), 0]:
        piece = data[at : at + size]
        if not piece and size:
            continue
        at += len(piece)
        if signed:
            text = "\n".join((
                "AWS4-HMAC-SHA256-PAYLOAD", SEAL.stamp, SEAL.scope, before, hashlib.sha256().hexdigest(),
                hashlib.sha256(piece).hexdigest(),
            ))  # fmt: skip
            before = hmac.new(SEAL.key, text.encode(), hashlib.sha256).hexdigest()
            out += b"%x;chunk-signature=%s\r\n" % (len(piece), before.encode())
        else:
            out += b"%x\r\n" % len(piece)
        if not piece:
            break
        out += piece + b"\r\n"
    return out + (f"{trailer}\r\n".encode() if trailer else b"") + b"\r\n"


def cut(body: bytes, at: list[int]) -> Iterator[bytes]:
    edges = sorted({0, len(body), *(place % (len(body) + 1) for place in at)})
    return (body[a:b] for a, b in itertools.pairwise(edges))


def read(
    body: Iterator[bytes],
    kind: str,
    length: int | None,
    *,
    headers: dict[str, str] | None = None,
    announced: str = "",
) -> bytes:
    return b"".join(decoded(body, kind, SEAL, Checks(headers or {}, announced), length))


_SIZES = st.lists(st.integers(1, 2000), max_size=4)


@given(
    data=st.binary(min_size=1, max_size=4000), sizes=_SIZES, at=st.lists(st.integers(0, 10_000), max_size=12)
)
def test_pieces(data: bytes, sizes: list[int], at: list[int]) -> None:
    name = "x-amz-checksum-crc32"
    sizes = [size for n, size in enumerate(sizes) if sum(sizes[: n + 1]) < len(data)]
    body = framed(data, sizes, trailer=f"{name}:{crc(data)}")
    assert read(cut(body, at), UNSIGNED, len(data), announced=name) == data
    assert read(cut(framed(data, sizes, signed=True), at), SIGNED, len(data)) == data


def refused(body: bytes, kind: str, length: int, **more: str) -> str:
    with pytest.raises(S3Error) as caught:
        read(iter([body]), kind, length, **more)  # type: ignore[arg-type]
    return caught.value.name


@given(data=st.binary(min_size=2, max_size=3000), place=st.integers(0, 10_000), bit=st.integers(1, 255))
def test_no_changed_byte_of_a_signed_body_passes(data: bytes, place: int, bit: int) -> None:
    body = bytearray(framed(data, [len(data) // 2], signed=True))
    place %= len(body)
    body[place] ^= bit
    try:
        assert read(iter([bytes(body)]), SIGNED, len(data)) == data  # a size's other case, or the line's end
    except S3Error:
        pass


@given(data=st.binary(min_size=1, max_size=2000), kept=st.integers(0, 10_000))
def test_no_part_of_a_body_passes_for_the_whole(data: bytes, kept: int) -> None:
    for kind, signed in ((UNSIGNED, False), (SIGNED, True)):
        body = framed(data, [], signed=signed)
        part = body[: kept % (len(body) - 4)]
        with pytest.raises(S3Error):
            read(iter([part] if part else []), kind, len(data))


def test_faults() -> None:
    name, data = "x-amz-checksum-crc32", b"body"
    assert refused(framed(data, []), UNSIGNED, 4, announced=name) == "MalformedTrailerError"
    assert (
        refused(framed(data, [], trailer=f"{name}:{crc(b'x')}"), UNSIGNED, 4, announced=name) == "BadDigest"
    )
    assert refused(framed(data, []), UNSIGNED, 5) == "IncompleteBody"
    assert refused(framed(data, []), UNSIGNED, 3) == "IncompleteBody"
    assert refused(framed(data, []), SIGNED, 4) == "InvalidRequest"  # pieces without a signature
    assert refused(framed(data, []) + b"more", UNSIGNED, 4) == "InvalidRequest"
    assert refused(b"f" * 5000, UNSIGNED, 4) == "InvalidRequest"
    assert refused(b"ffffffffffffffff\r\nabc", UNSIGNED, 4) == "IncompleteBody"
    assert refused(data, hashlib.sha256(b"other").hexdigest(), 4) == "XAmzContentSHA256Mismatch"
    assert refused(data, "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", 4) == "InvalidRequest"
    with pytest.raises(S3Error, match="not known"):
        Checks({"x-amz-checksum-md4": "AAAA"})
    with pytest.raises(S3Error, match="not a digest"):
        Checks({"x-amz-checksum-crc32": "AAAA"})


def test_checksums_of_the_check_string() -> None:
    """Known values of each algorithm for ``123456789``."""
    known = {
        "crc32": "cbf43926",
        "crc32c": "e3069283",
        "crc64nvme": "ae8b14860a799888",
        "sha1": hashlib.sha1(b"123456789").hexdigest(),
        "sha256": hashlib.sha256(b"123456789").hexdigest(),
    }
    for kind, value in known.items():
        said = {f"x-amz-checksum-{kind}": base64.b64encode(bytes.fromhex(value)).decode()}
        checks = Checks(said)
        for part in (b"1234", b"56789"):
            checks.update(part)
        checks.finish({})
        assert checks.echoed == said
