# SPDX-License-Identifier: AGPL-3.0-or-later
"""A film whose frames show their own number, sealed as a home seals it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from cryptography.cobblestone import Cobblestone256Decryptor, Cobblestone256Encryptor

from sunporch.clip import keys
from sunporch.clip.header import DAY, Recipient, header_hash
from sunporch.clip.index import Index
from sunporch.clip.open import recipient_half
from sunporch.clip.seal import Sealed, clip_key, seal

WIDTH, HEIGHT, BITS, BLOCK = 320, 180, 8, 40
MEDIA_TYPE = 'video/mp4; codecs="avc1.42c00d"'

# What a page finds on the canvas: the number that the frame's blocks spell.
NUMBER_ON = """(canvas) => {
  const pen = canvas.getContext("2d", {willReadFrequently: true});
  let number = 0;
  for (let bit = 0; bit < 8; bit += 1) {
    if (pen.getImageData(bit * 40 + 20, 90, 1, 1).data[0] > 128) number |= 1 << bit;
  }
  return number;
}"""


def numbered(frames: int, fps: int, gop: int | None = None) -> bytes:
    """Return a fragmented MP4 of so many frames; each shows its number as eight dark or light blocks."""
    target = io.BytesIO()
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(target, "w", format="mp4", options=options) as out:
        stream = out.add_stream("libx264", rate=fps, options={"profile": "baseline", "bf": "0"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        stream.codec_context.time_base = Fraction(1, fps)
        stream.codec_context.gop_size = gop or fps
        for number in range(frames):
            picture = np.full((HEIGHT, WIDTH, 3), 16, np.uint8)
            for bit in range(BITS):
                if number >> bit & 1:
                    picture[:, bit * BLOCK : (bit + 1) * BLOCK] = 235
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts = number
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return target.getvalue()


@dataclass(frozen=True)
class SealedFilm:
    """A sealed film: header, file, and the private keys of its recipients."""

    made: Sealed
    file: bytes
    private: dict[str, str]

    def opener(self) -> dict[str, str]:
        """Return what a page needs to open it, in hex."""
        return {"key": self._key().hex(), "header": self.made.header.hex(), "file": self.file.hex()}

    def forged(self) -> bytes:
        """Return another sealed file under the same key, as a recipient who opened this one could make it."""
        key, context = self._key(), header_hash(self.made.header)
        decryptor, encryptor = Cobblestone256Decryptor(key, context), Cobblestone256Encryptor(key, context)
        plain = decryptor.update(self.file) + decryptor.finalize()
        return encryptor.update(plain) + encryptor.finalize()

    def _key(self) -> bytes:
        name, private = next(iter(self.private.items()))
        return clip_key(self.made.header, recipient_half(self.made.header, name, private).s_a, self.made.s_k)


def sealed_film(
    media: bytes,
    described: bytes | None = None,
    private: dict[str, str] | None = None,
    origin: str = "demo.maple-street",
    request: int = 7,
    expires: int = 20_000 * DAY,
    custodian: str = "library",
    lasts_ms: int = 4_000,
) -> SealedFilm:
    """Seal media for the people of `private`; `described` lets the index speak of another video."""
    said = media if described is None else described
    index = Index(
        camera="porch",
        start_ms=1_000,
        end_ms=1_000 + lasts_ms,
        media_type=MEDIA_TYPE,
        media_sha256=hashlib.sha256(said).hexdigest(),
        media_sha512=hashlib.sha512(said).hexdigest(),
        original="a" * 64,
        redacted=1,
        reencoded=1,
        visible=0,
        sound=0,
        report="{}",
    )
    private = private or {name: keys.generate() for name in ("diaz", "kim")}
    target = io.BytesIO()
    made = seal(
        [media],
        index,
        target,
        origin=origin,
        request=request,
        expires=expires,
        custodian=custodian,
        recipients=[Recipient(name, keys.public(key)) for name, key in private.items()],
    )
    return SealedFilm(made, target.getvalue(), private)
