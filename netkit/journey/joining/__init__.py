"""How frames and netfilter's reports are put together to the steps of single packets."""
