"""Jeoul's manager: from an operator's document to what the kernel holds."""
