"""A session configuration that makes nothing visible but functions of ours, made from the tables of cmdlets."""
