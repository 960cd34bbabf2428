# SPDX-License-Identifier: AGPL-3.0-or-later
"""The transparency log: leaves as bytes, tiles, checkpoints, notes, proofs, cosignatures (RFC 6962 and C2SP).

It never knows what a leaf means, asks no clock and reaches no network.
"""
