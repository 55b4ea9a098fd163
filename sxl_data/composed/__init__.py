"""Requests and the calls that answer them, composed from the definitions of tools alone."""
