# SPDX-License-Identifier: AGPL-3.0-or-later
"""What people say in public about rules and partnerships before they come into force. No account is needed."""
