"""The signature of a read from somebody's S3, without a client of it: who sends the request stays in the caller's hand."""

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signed(url: str, *, region: str, key_id: str, secret: str, method: str = "GET") -> dict[str, str]:
    """The headers that sign a read of this whole, encoded address; the host is signed as the address writes it."""
    request = AWSRequest(method=method, url=url)
    S3SigV4Auth(Credentials(key_id, secret), "s3", region).add_auth(request)
    return {name: value for name, value in request.headers.items() if name.lower() != "host"}
