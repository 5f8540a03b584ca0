"""`python -m payflow`, the same as the command `payflow`."""

from payflow.cli import main

main(prog_name="payflow")
