"""The files of visitors: what each is, and what of it a model is shown.

The only folder that knows the libraries for documents and pictures. Nothing is written to the disk or kept in memory.
"""
