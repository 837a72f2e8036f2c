"""`python -m chat_app` is `chat-app`."""

from chat_app.cli import main

if __name__ == "__main__":
    main()
