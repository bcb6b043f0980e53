"""How the rules of Docker's networks are written, release by release: pure values, nothing is carried out here.

`values` says what a rule needs to know, `writing` what every generation answers; `isolating`, `forwarding` … are the
generations themselves, and `releases` knows which release has which.
"""
