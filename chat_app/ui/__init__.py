"""The browser: with `app.py` the only place that knows Gradio."""
