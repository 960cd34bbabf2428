# SPDX-License-Identifier: AGPL-3.0-or-later
"""The cellar: errors, clock, digests, keys of signed notes, ids, strict JSON, durable files, configuration."""
