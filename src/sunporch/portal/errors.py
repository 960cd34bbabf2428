# SPDX-License-Identifier: AGPL-3.0-or-later
"""What can go wrong at the portal, in the words of the person who reads it."""

from __future__ import annotations

from http import HTTPStatus

from sunporch.base.errors import ErrorKind

# Starting and operating -----------------------------------------------------------------------------------------
DATA_PRESENT = ErrorKind(
    "portal.data-present",
    what="There is a portal in this folder already.",
    next="Run it with `sunporch portal run --config {file}`, or choose an empty folder.",
)
DATA_ABSENT = ErrorKind(
    "portal.data-absent",
    what="There is no portal in this folder.",
    next="Make one with `sunporch portal init --origin NAME --data {folder}`.",
)
SCHEMA_OTHER = ErrorKind(
    "portal.schema-other",
    what="The database has form {found}; this version of the software needs form {wanted}.",
    next="Use the version that made it. A demo is made anew by `sunporch demo --fresh`; the log itself stays.",
)
STORE_REFUSED = ErrorKind(
    "portal.store-refused",
    what="The bucket of sealed files cannot be used: {reason}.",
    next="Correct the `s3_` settings or the bucket, then `sunporch portal run --check-config`.",
)
SEQUENCER_RUNNING = ErrorKind(
    "portal.sequencer-running",
    what="Another process is appending to this log.",
    next="Stop it first; two would make two histories.",
)
LOG_KEY_MISSING = ErrorKind(
    "portal.log-key-missing",
    what="The community's record names no log key that this portal holds.",
    next="Bring the keys folder back from a copy; nobody else can sign this log.",
)
LOG_KEY_EARLY = ErrorKind(
    "portal.log-key-early",
    what="The log's key cannot be changed yet: {reason}.",
    next="Make the next key (`log-key next`), have the community name it alone in a `trust` entry, then try again.",
)
LOG_BEHIND = ErrorKind(
    "portal.log-behind",
    what="The public tables show {shown} entries, the co-signed log has {size}: the log lost what was published.",
    next="Take what is missing by `sunporch portal catch-up`; never let the log go on from an older copy.",
)
FILE_PRESENT = ErrorKind(
    "portal.file-present",
    what="There is a file of this name already.",
    next="Choose another name: nothing is overwritten. A backup that is made every day has the day in its name.",
)
BACKUP_RUNNING = ErrorKind(
    "portal.backup-running",
    what="Another backup of this portal is being made.",
    next="Wait until it is done.",
)
BACKUP_UNWRITTEN = ErrorKind(
    "portal.backup-unwritten",
    what="The backup could not be written: {reason}.",
    next="Check the folder, its rights and its free room, then try again. No part of a backup was left there.",
)
BACKUP_LOCKED = ErrorKind(
    "portal.backup-locked",
    what="This key does not open the backup, or the backup's first bytes are damaged.",
    next="Take the key file whose public half was the `backup_recipient` of that day. Nothing was restored.",
)
BACKUP_REFUSED = ErrorKind(
    "portal.backup-refused",
    what="This backup cannot be used: {reason}.",
    next="Take another copy of it, or an older backup. Nothing was restored.",
)
KEY_UNREADABLE = ErrorKind(
    "portal.key-unreadable",
    what="There is no key for backups in this file: {reason}.",
    next="Give the file that `sunporch portal backup-key` wrote.",
)
FOLDER_OCCUPIED = ErrorKind(
    "portal.folder-occupied",
    what="There is something in this folder already, or it is a disk of its own.",
    next="Choose a new or an empty one, on such a disk a folder in it: a backup appears in one step or not at all.",
)
SOURCE_OLDER = ErrorKind(
    "portal.source-older",
    what="The record there has {theirs} entries, this log has {ours}: there is nothing to take.",
    next="Give a newer copy of the record, or start the portal. Nothing was changed.",
)
SOURCE_OTHER = ErrorKind(
    "portal.source-other",
    what="The record there does not go on from this log: {reason}.",
    next="Give a copy of this town's record. If it is one, two histories were signed: show both to the co-signers "
    "before anything else. Nothing was changed.",
)
SOURCE_DAMAGED = ErrorKind(
    "portal.source-damaged",
    what="The record there does not hold: {reason}.",
    next="Give another copy of it. Nothing was changed.",
)
SOURCE_TEXTLESS = ErrorKind(
    "portal.source-textless",
    what="The record there lacks {missing} texts that its entries name, the first is {first}.",
    next="Give a copy that has them, or put the missing files into its folder `blob`. Nothing was changed.",
)
TESTMAIL_REFUSED = ErrorKind(
    "portal.testmail-refused",
    what="The mail server did not take the test mail: {reason}.",
    next="Correct the address or the `smtp_` settings, then send it again. Until one is taken nobody gets a notice.",
)
DOCTOR_FOUND = ErrorKind(
    "portal.doctor-found",
    what="{bad} of {all} checks are not as they should be.",
    next="Do what stands under each of them, then run `sunporch portal doctor` again.",
)
ACCOUNT_TAKEN = ErrorKind(
    "portal.account-taken",
    what="There is an account for {key} already; accounts are not shared.",
    next="End it with `sunporch portal account end --key {key}`, or use the person's own key.",
)
ACCOUNT_ABSENT = ErrorKind(
    "portal.account-absent",
    what="There is no account for {key}.",
    next="Check the pseudonym; `sunporch portal account list` shows all.",
)

INVITATION_ABSENT = ErrorKind(
    "portal.invitation-absent",
    what="This invitation is not open: it was used, taken back or is too old.",
    next="Sign in if you chose a password already; otherwise ask your registrar for a new one.",
)
INVITATION_REFUSED = ErrorKind(
    "portal.invitation-refused",
    what="Nobody can be invited as {key}: {reason}.",
    next="Choose another pseudonym; a name in the public record is used once and never again.",
)
INVITATIONS_EXCEEDED = ErrorKind(
    "portal.invitations-exceeded",
    what="{most} people of your agency are invited and not enrolled yet.",
    next="Enrol them or take invitations back first.",
)
CODE_WRONG = ErrorKind(
    "portal.code-wrong",
    what="This is not the code that the app shows now.",
    next="Scan the square again, wait for a new code and type its six digits.",
)
KEYS_REFUSED = ErrorKind(
    "portal.keys-refused",
    what="These keys cannot be enrolled: {reason}.",
    next="Make new keys in your own browser and hand them in again.",
)

# Who may --------------------------------------------------------------------------------------------------------
ROLE_REFUSED = ErrorKind(
    "portal.role-refused",
    what="Here you are: {role}. This is for: {wanted}.",
    next="Ask somebody who holds that role.",
)
KEY_AWAITED = ErrorKind(
    "portal.key-awaited",
    what="Your registrar has not put your key on the public record yet, so this account can do nothing else.",
    next="Make your keys at /work/joining/ and read their number to your registrar.",
)
KEY_ENDED = ErrorKind(
    "portal.key-ended",
    what="No key named {key} is live in the public record, so this account can do nothing.",
    next="Ask your agency's registrar for a new key entry.",
)
PARTNERSHIP_ENDED = ErrorKind(
    "portal.partnership-ended",
    what="{agency} has no partnership in force here, so its accounts can do nothing.",
    next="The elected body decides about partnerships; nothing that was asked is lost from the record.",
)

# Entries --------------------------------------------------------------------------------------------------------
ENTRY_VOID = ErrorKind(
    "portal.entry-void",
    what="This entry would count for nothing in the record: {reason}.",
    next="Correct that, sign it again and send it.",
)
ENTRY_MISPLACED = ErrorKind(
    "portal.entry-misplaced",
    what="An appeal is not sent here: two people decide about it first.",
    next="Send it to /api/v1/drafts as the officer who asks.",
)
ENTRY_ABSENT = ErrorKind(
    "portal.entry-absent",
    what="No entry with this id was handed in here.",
    next="Check the id: it is the SHA-256 of the signed text.",
)
BLOBS_REFUSED = ErrorKind(
    "portal.blobs-refused",
    what="The texts sent with the entry cannot be taken: {reason}.",
    next="Send exactly the texts whose commitments stand in the entry.",
)
FOUNDING_REFUSED = ErrorKind(
    "portal.founding-refused",
    what="This community's first entry does not belong to this portal: {reason}.",
    next="Write the log key that `sunporch portal init` printed into the entry's log policy.",
)
RECORD_UNREADABLE = ErrorKind(
    "portal.record-unreadable",
    what="The portal cannot read its own public record: {reason}",
    next="Tell the operator; the record's files must be restored from a copy before anything goes on.",
)
QUORUM_MISSING = ErrorKind(
    "portal.quorum-missing",
    what="Too few independent co-signers answer ({got} of {needed} needed), so nothing can be recorded now.",
    next="Nothing is lost: what was handed in is recorded as soon as they answer again.",
)
QUEUE_FULL = ErrorKind(
    "portal.queue-full",
    what="{most} entries are waiting to be recorded; no more are taken until some are.",
    next="Try again in a few minutes.",
)

# Appeals --------------------------------------------------------------------------------------------------------
APPEAL_FORBIDDEN = ErrorKind(
    "portal.appeal-forbidden",
    what="The town's rules do not allow this appeal: {clauses}",
    next="Change what the clauses name; the refusal is counted in public, by clause, not by name.",
)
RULES_SILENT = ErrorKind(
    "portal.rules-silent",
    what="The town's rules cannot be checked now: {reason}.",
    next="Tell the operator; nothing is published unchecked.",
)
RULES_ABSENT = ErrorKind(
    "portal.rules-absent",
    what="No rules are in force in this town, so nobody may ask for footage.",
    next="The elected body adopts rules; they come into force after the comment period.",
)
TAG_DISHONEST = ErrorKind(
    "portal.tag-dishonest",
    what="The case tag does not belong to this case number.",
    next="Get the tag from /api/v1/case-tags for the case number that you enter.",
)
DRAFT_ABSENT = ErrorKind(
    "portal.draft-absent",
    what="There is no such draft, or it is not yours to see.",
    next="Your drafts are listed at /api/v1/drafts.",
)
SKETCHES_EXCEEDED = ErrorKind(
    "portal.sketches-exceeded",
    what="You are writing {most} appeals at once already.",
    next="Finish or throw away one of them first.",
)
DUTY_REFUSED = ErrorKind(
    "portal.duty-refused",
    what="Nobody can be on call like that: from now on, at most {days} days at once, at most {most} times ahead.",
    next="Change the times, or take yourself off the roster first.",
)
DRAFT_DECIDED = ErrorKind(
    "portal.draft-decided",
    what="This draft is already {state}; somebody was faster, or its time is over.",
    next="Look at it again before you do anything else.",
)
REMARK_REFUSED = ErrorKind(
    "portal.remark-refused",
    what="This cannot be written beside the clip: {reason}.",
    next="Shorten it or choose one of the findings; nothing was kept.",
)
EXPORT_ABSENT = ErrorKind(
    "portal.export-absent",
    what="Nothing like this was asked for at your agency.",
    next="What waits for your signature stands on your start page.",
)
EXPORT_DECIDED = ErrorKind(
    "portal.export-decided",
    what="This was signed or returned already, or its time is over.",
    next="Look at it again before you do anything else.",
)
EXPORT_REFUSED = ErrorKind(
    "portal.export-refused",
    what="This cannot be handed over like this: {reason}.",
    next="Change what is named here and ask again; nothing was handed out or published.",
)
MOTION_ABSENT = ErrorKind(
    "portal.motion-absent",
    what="This does not wait for a signature: enough have signed it, or its time is over.",
    next="Look at the public record; if it is not there, begin it anew.",
)
PROPOSAL_ABSENT = ErrorKind(
    "portal.proposal-absent",
    what="This is not being written here any more: it is on its way into the record, or somebody threw it away.",
    next="Look at what waits for another key; if it is not there, begin it anew.",
)
PROPOSALS_EXCEEDED = ErrorKind(
    "portal.proposals-exceeded",
    what="{most} rules and partnerships are being written already.",
    next="Finish or throw away one of them first.",
)
SIGNATURE_REFUSED = ErrorKind(
    "portal.signature-refused",
    what="The signatures are not those that are needed here: {reason}.",
    next="Sign exactly the text of the draft with your own live key.",
)

# Clips ----------------------------------------------------------------------------------------------------------
NAME_REFUSED = ErrorKind(
    "portal.name-refused",
    what="A clip is named by 64 lower-case hexadecimal characters.",
    next="Use the value of c from the clip.",
)
FILE_ABSENT = ErrorKind(
    "portal.file-absent",
    what="This file is not here.",
    next="Check its name. If it should be here, tell the operator.",
)
CLIP_DELETED = ErrorKind(
    "portal.clip-deleted",
    what="This clip can no longer be opened: its key was destroyed, and its file was deleted.",
    next="The public record says when and why. Ask the resident anew, or go by legal process.",
)
STORE_FAILED = ErrorKind(
    "portal.store-failed",
    what="The store of sealed files does not do what it should: {reason}.",
    next="Nothing was kept or changed; try again in a few minutes. If it stays so, tell the operator.",
)
UPLOAD_OVERSIZE = ErrorKind(
    "portal.upload-oversize",
    what="The file is larger than the {most} bytes allowed here.",
    next="Choose fewer seconds and share again.",
)
UPLOAD_CUT = ErrorKind(
    "portal.upload-cut",
    what="The file ended after {got} of {said} bytes; nothing of it was kept.",
    next="Send it again.",
)
UPLOAD_TAKEN = ErrorKind(
    "portal.upload-taken",
    what="Another file was uploaded under this name before.",
    next="Seal the clip anew; it gets another name.",
)
UPLOAD_CLOSED = ErrorKind(
    "portal.upload-closed",
    what="Appeal {appeal} takes no clips: {reason}.",
    next="Look at the appeal's page; nothing was kept.",
)
ANSWERS_EXCEEDED = ErrorKind(
    "portal.answers-exceeded",
    what="Appeal {appeal} has received as much as it may hold ({limit}).",
    next="Nothing was kept; tell the people who asked that the appeal is full.",
)
UPLOAD_MISSING = ErrorKind(
    "portal.upload-missing",
    what="The clip {c} was not uploaded before its entry.",
    next="Upload header and sealed file first, then hand in the entry.",
)
CLIP_ABSENT = ErrorKind(
    "portal.clip-absent",
    what="There is no such clip, or it was not shared with you.",
    next="Your clips are listed at /api/v1/clips.",
)
REWRAP_REFUSED = ErrorKind(
    "portal.rewrap-refused",
    what="The clip cannot be re-sealed for this device: {reason}.",
    next="Name a live key of your agency, a court, a prosecutor or a defence office.",
)
MAILBOX_REFUSED = ErrorKind(
    "portal.mailbox-refused",
    what="Only the hub that shared this clip and the people it was shared with may use its mailbox.",
    next="Sign the present time with the clip's own key, or sign in as one of its recipients.",
)
MAILBOX_FULL = ErrorKind(
    "portal.mailbox-full",
    what="This mailbox holds {most} messages; no more are taken.",
    next="Agree on what is needed by what was written already.",
)

COMMENTS_CLOSED = ErrorKind(
    "portal.comments-closed",
    what="The time for comments is over.",
    next="Write to the town's clerk, or go to the hearing that the page names.",
)
COMMENTS_FULL = ErrorKind(
    "portal.comments-full",
    what="There are {most} comments on this already; no more are taken here.",
    next="Copy what you wrote and send it to the town's clerk.",
)
WORDS_ABSENT = ErrorKind(
    "portal.words-absent",
    what="Nobody wrote that here, or it was taken down before.",
    next="Look at the page of what it was about: its place is still there.",
)
COMPLAINTS_CLOSED = ErrorKind(
    "portal.complaints-closed",
    what="This portal cannot put anything on record at the moment, so your complaint was not kept.",
    next="Copy what you wrote and try again later, or write to the town's clerk.",
)
COMPLAINT_ABSENT = ErrorKind(
    "portal.complaint-absent",
    what="No complaint has this address.",
    next="Check the address that you were given. What is written is erased after two years.",
)
WORDINGS_EXCEEDED = ErrorKind(
    "portal.wordings-exceeded",
    what="These words were changed too often: at most {most} wordings are kept.",
    next="Copy what you wrote. What stands there stays; a reviewer's finding can add to it.",
)
STATUSES = {
    WORDS_ABSENT: HTTPStatus.NOT_FOUND,
    COMMENTS_CLOSED: HTTPStatus.CONFLICT,
    COMMENTS_FULL: HTTPStatus.CONFLICT,
    WORDINGS_EXCEEDED: HTTPStatus.CONFLICT,
    COMPLAINT_ABSENT: HTTPStatus.NOT_FOUND,
    INVITATION_ABSENT: HTTPStatus.NOT_FOUND,
    INVITATIONS_EXCEEDED: HTTPStatus.CONFLICT,
    KEY_AWAITED: HTTPStatus.FORBIDDEN,
    COMPLAINTS_CLOSED: HTTPStatus.SERVICE_UNAVAILABLE,
    ROLE_REFUSED: HTTPStatus.FORBIDDEN,
    KEY_ENDED: HTTPStatus.FORBIDDEN,
    PARTNERSHIP_ENDED: HTTPStatus.FORBIDDEN,
    MAILBOX_REFUSED: HTTPStatus.FORBIDDEN,
    ENTRY_ABSENT: HTTPStatus.NOT_FOUND,
    DRAFT_ABSENT: HTTPStatus.NOT_FOUND,
    FILE_ABSENT: HTTPStatus.NOT_FOUND,
    CLIP_DELETED: HTTPStatus.GONE,
    CLIP_ABSENT: HTTPStatus.NOT_FOUND,
    EXPORT_ABSENT: HTTPStatus.NOT_FOUND,
    EXPORT_DECIDED: HTTPStatus.CONFLICT,
    MOTION_ABSENT: HTTPStatus.NOT_FOUND,
    PROPOSAL_ABSENT: HTTPStatus.NOT_FOUND,
    RULES_ABSENT: HTTPStatus.NOT_FOUND,
    DRAFT_DECIDED: HTTPStatus.CONFLICT,
    SKETCHES_EXCEEDED: HTTPStatus.CONFLICT,
    DUTY_REFUSED: HTTPStatus.CONFLICT,
    PROPOSALS_EXCEEDED: HTTPStatus.CONFLICT,
    UPLOAD_TAKEN: HTTPStatus.CONFLICT,
    UPLOAD_CLOSED: HTTPStatus.CONFLICT,
    UPLOAD_OVERSIZE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ANSWERS_EXCEEDED: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    MAILBOX_FULL: HTTPStatus.CONFLICT,
    UPLOAD_CUT: HTTPStatus.BAD_REQUEST,
    QUORUM_MISSING: HTTPStatus.SERVICE_UNAVAILABLE,
    RECORD_UNREADABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    RULES_SILENT: HTTPStatus.SERVICE_UNAVAILABLE,
    QUEUE_FULL: HTTPStatus.SERVICE_UNAVAILABLE,
    STORE_FAILED: HTTPStatus.SERVICE_UNAVAILABLE,
}
