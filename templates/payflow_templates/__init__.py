"""The words of payflow's messages: one folder per language, one template per step of the ladder."""
