"""Connector batches into the mirror: upsert, change detection, identities, observations.

A pull is read whole before anything is written, and written in one transaction: an interrupted import leaves the old state.
Sources fail apart: one that cannot be read is noted as an unfinished reading and never deletes anything.
"""

from payflow.sync.configured import open_source, read_again, sync
from payflow.sync.one_file import fetch, file_at, file_before, import_file, keep_file, read_file
from payflow.sync.opening import begin
from payflow.sync.report import SyncReport

__all__ = [
    "SyncReport",
    "begin",
    "fetch",
    "file_at",
    "file_before",
    "import_file",
    "keep_file",
    "open_source",
    "read_again",
    "read_file",
    "sync",
]
