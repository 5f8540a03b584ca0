"""A night without news costs little: what only letters and hooks need is not even loaded."""

from __future__ import annotations

import subprocess
import sys


def test_a_run_loads_mail_and_encryption_only_when_it_sends_something() -> None:
    program = "import sys, payflow.cli.run, payflow.nightly; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert "payflow.outbox.letters" in loaded
    assert not {"email.policy", "email.headerregistry", "smtplib", "ssl", "jinja2", "http.client"}.intersection(loaded)
