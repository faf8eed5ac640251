"""Copy cataloguing: a record is found at other libraries (SRU, Z39.50), looked at, taken or merged."""
