# SPDX-License-Identifier: AGPL-3.0-or-later
"""Everything that keeps a camera from being recorded, in sentences for the resident."""

from __future__ import annotations

from sunporch.base.errors import ErrorKind

SOURCE_REFUSED = ErrorKind(
    "recorder.source-refused",
    what="This camera cannot be set up: {reason}.",
    next="Give an address that begins with rtsp:// or the path of a video file.",
)
CAMERA_BUSY = ErrorKind(
    "recorder.camera-busy",
    what="This camera is being recorded already.",
    next="Stop it first, or leave it as it is.",
)
CAMERA_UNREACHABLE = ErrorKind(
    "recorder.camera-unreachable",
    what="Nothing answers at the camera's address: {reason}.",
    next="Check that the camera has power and network, and that its address is right.",
)
CAMERA_PASSWORD_REFUSED = ErrorKind(
    "recorder.camera-password-refused",
    what="The camera refuses the user name or the password.",
    next="Type them again; some cameras lock the account for some minutes after several tries.",
)
CAMERA_STREAM_REFUSED = ErrorKind(
    "recorder.camera-stream-refused",
    what="The camera answers but does not give the stream: {reason}.",
    next="Check that the path in its address leads to pictures, and whether other programs use up its connections.",
)
CAMERA_CLOSED = ErrorKind(
    "recorder.camera-closed",
    what="The camera closed the connection.",
    next="Nothing to do if it comes back by itself; otherwise check its power.",
)
CAMERA_FROZEN = ErrorKind(
    "recorder.camera-frozen",
    what="The camera is connected but sends no more pictures.",
    next="Nothing to do if it comes back by itself; otherwise switch the camera off and on.",
)
STREAM_UNREADABLE = ErrorKind(
    "recorder.stream-unreadable",
    what="What the camera sends cannot be recorded: {reason}.",
    next="Set the camera to H.264 or H.265.",
)
KEYFRAMES_RARE = ErrorKind(
    "recorder.keyframes-rare",
    what="The camera sends a whole picture less often than every {seconds} seconds.",
    next='Switch off "smart codec" or "H.264+" in the camera, so that clips can begin where you choose.',
)
CLOCK_FROZEN = ErrorKind(
    "recorder.camera-clock-frozen",
    what="The camera's own clock stands still, so pictures carry the time at which they arrived.",
    next="Update the camera's software; the recording goes on meanwhile.",
)
CAMERA_CLOCK_WRONG = ErrorKind(
    "recorder.camera-clock-wrong",
    what="The camera's own clock is {seconds} seconds {direction} the hub's.",
    next="Set the camera's clock, best by NTP; pictures are filed under the hub's time meanwhile.",
)
SOUND_MISSING = ErrorKind(
    "recorder.sound-missing",
    what="The pictures are recorded, the sound is not: {reason}.",
    next="Switch the camera's microphone on (AAC or G.711), or switch sound off for this camera here.",
)
CAMERAS_UNFOUND = ErrorKind(
    "recorder.cameras-unfound",
    what="No camera answered on this network.",
    next="Switch ONVIF on in the camera's own settings and look again, or type the rtsp:// address from its manual.",
)
ONVIF_ABSENT = ErrorKind(
    "recorder.onvif-absent",
    what="What answers at this address speaks no ONVIF that the hub understands.",
    next="Switch ONVIF on in the camera's own settings, or give the rtsp:// address from its manual.",
)
STREAMS_ABSENT = ErrorKind(
    "recorder.streams-absent",
    what="The camera names no stream that could be recorded.",
    next="Switch a stream on in the camera's own settings, or give the rtsp:// address from its manual.",
)
FRIGATE_ABSENT = ErrorKind(
    "recorder.frigate-absent",
    what="No Frigate that the hub understands answers at this address.",
    next="Give the address of its own pages on this network, like https://192.168.1.5:8971.",
)
FRIGATE_REFUSED = ErrorKind(
    "recorder.frigate-refused",
    what="Frigate refuses the user name or the password.",
    next="Type those with which you sign in to its own pages.",
)
FRIGATE_STREAMLESS = ErrorKind(
    "recorder.frigate-streamless",
    what="This Frigate passes no camera on.",
    next="Name the camera under go2rtc, streams, in Frigate's settings, and ask again.",
)
