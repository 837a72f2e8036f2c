"""The servers: the only folder that knows openai, httpx2 and tenacity."""
