"""A chat page in front of any OpenAI-compatible server, from one YAML file; its feedback is a dataset."""

__version__ = "0.1.0"
