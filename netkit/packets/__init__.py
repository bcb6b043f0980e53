"""Recorded frames as values: what they say, in which order, as a table, as scapy packets, as a file.

wording       addresses and ports in words that stay the same from run to run
applications  one line about what DNS, DHCP and HTTP say
dissect       one line about a frame
table         many frames as a table
pcapng        frames as a file for Wireshark
recording     frames with all of these on them
"""
