"""How netfilter's reports about single packets are heard."""
