# SPDX-License-Identifier: AGPL-3.0-or-later
"""The portal: the public building where appeals are asked, countersigned, published and read.

It appends to the log and shows what the log says. It holds no footage that it could open and no key that opens any.
"""
