"""The run: read the sources, decide, carry out.

Until `payflow live` is journaled, a run is a preview: it reads, shows what it would send, and writes to no one. A run holds
no lock itself; the command line does. Running again, late or twice plans nothing new.
"""

from payflow.nightly.report import RunReport
from payflow.nightly.running import note_agreement, run

__all__ = ["RunReport", "note_agreement", "run"]
