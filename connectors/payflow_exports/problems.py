"""Problems of one file, collected: every one counts, the first ones are told in full."""

from __future__ import annotations

from payflow.connector import Problem

#: A column that is wrong from top to bottom is told by its first rows.
MOST = 500


class Problems:
    """Problems of one file, told in the order of its rows."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._told: list[tuple[int, Problem]] = []
        self._untold = 0

    def add(self, place: str, found: str, remedy: str, *, warning: bool = False) -> None:
        """Note one; `place` is a row or `row: column` of the file, or empty for the file as a whole."""
        if len(self._told) < MOST:
            row = int(place.partition(":")[0] or 0)
            self._told.append((row, Problem(f"{self.file}:{place}" if place else self.file, found, remedy, warning)))
        else:
            self._untold += 1

    def forget_from(self, row: int) -> None:
        """Take back what was noted of this row and those below it, which are left out for another reason."""
        self._told = [(at, problem) for at, problem in self._told if at < row]

    def all(self) -> tuple[Problem, ...]:
        """Everything noted, and how many more there were."""
        told = tuple(problem for _, problem in sorted(self._told, key=lambda pair: pair[0]))
        if not self._untold:
            return told
        remedy = "Correct those listed first, then read it again."
        return (*told, Problem(self.file, f"has {self._untold} more problems", remedy))
