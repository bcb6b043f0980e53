"""Recorded frames as values: what they say, in which order, as a table, as scapy packets, as a file.

wording       addresses and ports in words that stay the same from run to run
reader        which headers a frame has, and where: the one place that finds them
ip, arp       what these headers say
dns           DNS messages, read and written
applications  one line about what DNS, DHCP and HTTP say
dissect       one line about a frame
layers        a frame taken apart, field by field
table         many frames as a table
scapied       a frame as a scapy packet
pcapng        frames as a file for Wireshark
recording     frames with all of these on them
"""
