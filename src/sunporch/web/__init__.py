# SPDX-License-Identifier: AGPL-3.0-or-later
"""What both sites stand on: settings, security policy, base page, design tokens, error form, sign-in, serving.

No rule of the domain lives here: this room does not know what an appeal or a camera is.
"""
