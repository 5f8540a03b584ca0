"""What people and programs read: the board, explanations and plans as text, and every `--json` output.

Everything here turns derived values of `payflow.model.decision` into text; nothing decides, and nothing reaches out.
"""
