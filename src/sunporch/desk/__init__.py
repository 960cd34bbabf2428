# SPDX-License-Identifier: AGPL-3.0-or-later
"""The officer's own machine: opens shared clips from a terminal, without trusting the portal's pages or word."""
