# SPDX-License-Identifier: AGPL-3.0-or-later
"""Headers and sealed files of clips in a bucket of an S3 server: the same promises as the folder's.

An object appears whole or not at all: small files are one PUT, larger ones a multipart upload that only its last
request makes visible. The server's 200 is its word that the object is durable. Bodies are signed by their SHA-256
(`s3v4`), so a byte that flips on the way is refused. Only sealed files and their headers go there; log, database and
keys stay in the portal's own folder, where an entry is durable before it is signed.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sunporch.portal.errors import FILE_ABSENT, STORE_FAILED, STORE_REFUSED, UPLOAD_OVERSIZE
from sunporch.portal.storage import NAME, PIECE, Stored, check_name

# One part of a multipart upload in bytes, held in memory: S3 wants at least 5 MiB and at most 10,000 parts.
PART = 8 * 2**20
CONNECT_SECONDS = 10
READ_SECONDS = 60
ATTEMPTS = 3
CONNECTIONS = 64
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


@dataclass(frozen=True)
class Place:
    """Where a bucket is and how one signs in: what the settings `s3_...` say."""

    endpoint: str
    region: str
    bucket: str
    prefix: str
    access_key: str
    secret_key: str


@contextlib.contextmanager
def _answers(name: str) -> Iterator[None]:
    """Turn what goes wrong between us and the server into `portal.file-absent` or `portal.store-failed`."""
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _ABSENT:
            raise FILE_ABSENT(where=name) from error
        raise STORE_FAILED(where=name, reason=f"it answers {code}") from error
    except BotoCoreError as error:
        raise STORE_FAILED(where=name, reason=type(error).__name__) from error


@functools.lru_cache(maxsize=4)
def _client(place: Place) -> Any:
    """Return the client of a place, made once: making one takes long, using one from many threads is safe."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=place.endpoint,
        region_name=place.region,
        aws_access_key_id=place.access_key,
        aws_secret_access_key=place.secret_key,
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": "path", "payload_signing_enabled": True},
            # The newer checksums are not known to every S3 server; the signed SHA-256 of each body is.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            retries={"total_max_attempts": ATTEMPTS, "mode": "standard"},
            max_pool_connections=CONNECTIONS,
        ),
    )


class Bucket:
    """Files as objects `<prefix><name>` of one bucket."""

    def __init__(self, place: Place) -> None:
        self._place, self._client = place, _client(place)

    def _object(self, name: str) -> dict[str, str]:
        return {"Bucket": self._place.bucket, "Key": self._place.prefix + check_name(name)}

    def check(self) -> None:
        """Raise `portal.store-refused` if the bucket cannot be used, or keeps what is deleted."""
        try:
            versions = self._client.get_bucket_versioning(Bucket=self._place.bucket).get("Status", "")
        except (BotoCoreError, ClientError) as error:
            raise STORE_REFUSED(where=self._place.bucket, reason=str(error)) from error
        if versions:
            reason = "it keeps versions, so a deleted clip would still lie there"
            raise STORE_REFUSED(where=self._place.bucket, reason=reason)

    def put(self, name: str, pieces: Iterable[bytes], most: int) -> Stored:
        """Gather the pieces into parts; the object appears with the last request, or never."""
        target = self._object(name)
        size, digest, first = 0, hashlib.sha256(), b""
        parts = _parts(pieces)
        with _answers(name), contextlib.ExitStack() as stack:
            upload: _Upload | None = None
            for part in parts:
                size += len(part)
                if size > most:
                    raise UPLOAD_OVERSIZE(where=name, most=most)
                digest.update(part)
                if upload is None and len(part) < PART:
                    first = part  # all there is: a part shorter than PART is the last one
                    continue
                upload = upload or stack.enter_context(_Upload(self._client, target))
                upload.add(part)
            if upload is None:
                self._client.put_object(**target, Body=first)
            else:
                upload.complete()
        return Stored(size, digest.hexdigest())

    def size(self, name: str) -> int:
        """Return the size in bytes."""
        with _answers(name):
            return int(self._client.head_object(**self._object(name))["ContentLength"])

    def read(self, name: str, start: int, length: int) -> Iterator[bytes]:
        """Ask for exactly these bytes now, so that an absent file is an error here and not inside an answer."""
        size = self.size(name)
        length = min(length, size - start)
        if length <= 0:
            return iter(())
        with _answers(name):
            wanted = f"bytes={start}-{start + length - 1}"
            answer = self._client.get_object(**self._object(name), Range=wanted)
        if answer["ContentLength"] != length:
            answer["Body"].close()
            raise STORE_FAILED(where=name, reason="it does not answer ranges")
        return _Streamed(name, answer["Body"])

    def delete(self, name: str) -> None:
        """Remove the object; S3 says the same whether it was there or not."""
        with _answers(name):
            self._client.delete_object(**self._object(name))

    def names(self) -> Iterator[str]:
        """Yield every file's name; what is still being uploaded is no object and has none."""
        prefix = self._place.prefix
        with _answers(prefix):
            pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._place.bucket, Prefix=prefix)
            for page in pages:
                names = (found["Key"].removeprefix(prefix) for found in page.get("Contents", ()))
                yield from filter(NAME.fullmatch, names)

    def sweep(self) -> int:
        """Abort what interrupted uploads left; return how many. Only for the start, when nobody uploads."""
        bucket, prefix = self._place.bucket, self._place.prefix
        with _answers(prefix):
            pages = self._client.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, Prefix=prefix)
            left = [upload for page in pages for upload in page.get("Uploads", ())]
            for upload in left:
                self._client.abort_multipart_upload(Bucket=bucket, Key=upload["Key"], UploadId=upload["UploadId"])
        return len(left)


class _Upload(contextlib.AbstractContextManager["_Upload"]):
    """A multipart upload that is aborted unless it was completed."""

    def __init__(self, client: Any, target: dict[str, str]) -> None:
        self._client = client
        self._target = target | {"UploadId": client.create_multipart_upload(**target)["UploadId"]}
        self._parts: list[dict[str, Any]] = []
        self._done = False

    def add(self, part: bytes) -> None:
        number = len(self._parts) + 1
        answer = self._client.upload_part(**self._target, PartNumber=number, Body=part)
        self._parts.append({"PartNumber": number, "ETag": answer["ETag"]})

    def complete(self) -> None:
        self._client.complete_multipart_upload(**self._target, MultipartUpload={"Parts": self._parts})
        self._done = True

    def __exit__(self, *_: object) -> None:
        if not self._done:
            self._client.abort_multipart_upload(**self._target)


def _parts(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in parts of `PART`, the last one shorter (perhaps empty if nothing else was yielded)."""
    held, yielded = bytearray(), False
    for piece in pieces:
        held += piece
        while len(held) >= PART:
            yield bytes(held[:PART])
            del held[:PART]
            yielded = True
    if held or not yielded:
        yield bytes(held)


class _Streamed(Iterator[bytes]):
    """Bytes of an object as they arrive; the connection is given back at the end or when the answer is dropped."""

    def __init__(self, name: str, body: Any) -> None:
        self._name, self._body = name, body

    def __next__(self) -> bytes:
        with _answers(self._name):
            piece: bytes = self._body.read(PIECE)
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Close the connection; Django calls this when the answer ends."""
        self._body.close()
