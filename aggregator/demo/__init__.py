"""The built-in newsroom: fictional outlets served over loopback HTTP, so that the whole job can be seen offline."""
