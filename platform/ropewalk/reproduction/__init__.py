"""Whether a run can be had again: what was recorded, what is here, what is missing, and a certificate of it."""
