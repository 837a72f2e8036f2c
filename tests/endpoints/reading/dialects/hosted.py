"""Services."""

from __future__ import annotations

from chat_app import errors
from chat_app.conversation.deltas import Usage
from chat_app.conversation.messages import Audio, Image, ToolCall
from tests.endpoints.reading.dialects.table import Dialect, chunk, sse, stream, usage

OPENAI = "https://platform.openai.com/docs/api-reference/chat-streaming"
AI_SDK = "https://github.com/vercel/ai, packages/"
AZURE = "https://learn.microsoft.com/azure/foundry/openai/concepts/content-streaming"
MINIMAX = "https://platform.minimax.io/docs/api-reference/text-openai-api"
OPENROUTER = "https://openrouter.ai/docs/use-cases/reasoning-tokens"
IMAGES = "https://openrouter.ai/docs/features/multimodal/image-generation"
GEMINI = "https://github.com/open-webui/computer/issues/224"
PCM = "UklGRicAAABXQVZFZm10IBAAAAABAAEAwF0AAIC7AAACABAAZGF0YQMAAABSSUY="
"""Three bytes of sound, with the head of a WAV."""


def wants(name: str, arguments: str, call_id: str = "", extra: str = "") -> tuple[ToolCall, ...]:
    """The one call that an answer wants."""
    return (ToolCall(name, arguments, call_id, extra),)


HOSTED: tuple[Dialect, ...] = (
    # OpenAI
    Dialect(
        "role, text, end, counts", "OpenAI", "2025", "documentation", OPENAI,
        sse('{"id":"c","object":"chat.completion.chunk","model":"gpt-4o","choices":[{"index":0,"delta":{"role":'
            '"assistant","content":"","refusal":null},"logprobs":null,"finish_reason":null}],"usage":null}',
            '{"model":"gpt-4o","choices":[{"index":0,"delta":{"content":"Hello"},"finish_reason":null}],"usage":null}',
            '{"model":"gpt-4o","choices":[{"index":0,"delta":{},"finish_reason":"stop"}],"usage":null}',
            usage(9, 2), "[DONE]"),
        "Hello", usage=Usage(9, 2),
    ),
    Dialect("a refusal", "OpenAI", "2025", "documentation", OPENAI,
            stream({"role": "assistant", "refusal": ""}, {"refusal": "I can't"}, {"refusal": " help."}),
            "I can't help."),
    Dialect("two answers", "OpenAI", "2025, n = 2", "documentation", OPENAI,
            sse('{"choices":[{"index":1,"delta":{"content":"B"}}]}',
                '{"choices":[{"index":0,"delta":{"content":"A"}}]}',
                '{"choices":[{"index":1,"delta":{},"finish_reason":"length"}]}',
                '{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}', "[DONE]"), "A"),
    Dialect("filtered", "OpenAI", "2025", "documentation", OPENAI, stream("On", finish="content_filter"), "On",
            finish_reason="content_filter", outcome="filtered", error=errors.Filtered),
    Dialect(
        "two calls in pieces", "OpenAI", "2025", "documentation", OPENAI,
        stream(
            {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]},
            {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
            {"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": ""}}]},
            {"tool_calls": [{"index": 1, "function": {"arguments": '{"x":'}}]},
            {"tool_calls": [{"index": 1, "function": {"arguments": "1}"}}]}, finish="tool_calls",
        ),
        calls=(ToolCall("f", "{}", "a"), ToolCall("g", '{"x":1}', "b")),
        finish_reason="tool_calls", outcome="tool_call", error=errors.ToolCallWanted, says="f, g",
    ),
    Dialect("a function call, as before 2024", "OpenAI", "0613", "documentation",
            "https://platform.openai.com/docs/api-reference/chat/object",
            stream({"function_call": {"name": "f", "arguments": ""}}, {"function_call": {"arguments": "{}"}},
                   finish="function_call"),
            calls=wants("f", "{}"), finish_reason="function_call", outcome="tool_call", error=errors.ToolCallWanted),
    Dialect(
        "a recording", "OpenAI", "gpt-4o-audio-preview", "documentation",
        "https://platform.openai.com/docs/guides/audio",
        stream({"role": "assistant", "refusal": None, "audio": {"id": "audio_1", "transcript": "Hi"}},
               {"audio": {"id": "audio_1", "transcript": " there"}},
               {"audio": {"id": "audio_1", "data": "SUQzAQ=="}}, {"audio": {"id": "audio_1", "data": "AgM="}},
               {"audio": {"id": "audio_1", "expires_at": 1729234747}}),
        "Hi there", media=(Audio("audio/mpeg", "SUQzAQID"),)),
    Dialect("text and a call", "OpenAI", "2025", "documentation", OPENAI,
            stream("Let me see.",
                   {"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": "{}"}}]},
                   finish="tool_calls"),
            "Let me see.", calls=wants("f", "{}", "a"),
            finish_reason="tool_calls", outcome="tool_call", error=errors.ToolCallWanted),
    Dialect("all tokens spent on thinking", "OpenAI", "o-series", "documentation",
            "https://platform.openai.com/docs/guides/reasoning",
            sse(chunk(role="assistant", content=""), chunk("length"), usage(75, 300), "[DONE]"),
            finish_reason="length", usage=Usage(75, 300), outcome="length_limit", error=errors.LengthLimit),
    Dialect("what a spoken answer says", "OpenAI", "gpt-4o-audio", "documentation",
            "https://platform.openai.com/docs/api-reference/chat/object",
            stream({"audio": {"id": "a", "transcript": "Hel"}}, {"audio": {"data": "UklG"}},
                   {"audio": {"transcript": "lo"}}), "Hello", media=(Audio("audio/wav", PCM),)),
    # Azure
    Dialect(
        "filter results first, counts last", "Azure OpenAI", "gpt-5-nano, November 2025", "recorded by others",
        AI_SDK + "openai/src/chat/__fixtures__/azure-model-router.1.chunks.txt",
        sse('{"choices":[],"created":0,"id":"","model":"","object":"","prompt_filter_results":[{"prompt_index":0}]}',
            '{"choices":[{"content_filter_results":{},"delta":{"content":"","refusal":null,"role":"assistant"},'
            '"finish_reason":null,"index":0}],"model":"gpt-5-nano-2025-08-07","obfuscation":"D3","usage":null}',
            '{"choices":[{"content_filter_results":{"hate":{"filtered":false}},"delta":{"content":"Capital"},'
            '"finish_reason":null,"index":0}],"model":"gpt-5-nano-2025-08-07","usage":null}',
            '{"choices":[{"content_filter_results":{},"delta":{},"finish_reason":"stop","index":0}],"usage":null}',
            usage(15, 78), "[DONE]"),
        "Capital", usage=Usage(15, 78),
    ),
    Dialect("asynchronous filter: results without delta", "Azure OpenAI", "2024-10-21", "documentation", AZURE,
            sse(chunk(content="Hello"),
                '{"choices":[{"index":0,"finish_reason":null,"content_filter_results":{},"content_filter_offsets":'
                '{"check_offset":44,"start_offset":44,"end_offset":198}}]}', chunk("stop"), "[DONE]"), "Hello"),
    Dialect("filtered in the middle", "Azure OpenAI", "2024-10-21", "documentation", AZURE,
            sse(chunk(content="On"), '{"choices":[{"index":0,"finish_reason":"content_filter","content_filter_results":'
                '{"violence":{"filtered":true,"severity":"medium"}},"delta":{}}]}', "[DONE]"),
            "On", finish_reason="content_filter", outcome="filtered", error=errors.Filtered),
    # OpenRouter
    Dialect(
        "comments, reasoning and empty details", "OpenRouter", "July 2025", "issue report",
        "https://github.com/huggingface/responses.js/pull/19",
        b": OPENROUTER PROCESSING\n\n" + sse(
            '{"id":"gen-1","provider":"Azure","model":"deepseek/deepseek-r1","choices":[{"index":0,"delta":{"role":'
            '"assistant","content":"","reasoning":", so I need","reasoning_details":[]},"finish_reason":null,'
            '"native_finish_reason":null}]}') + b": OPENROUTER PROCESSING\n\n" + stream("Yes"),
        "Yes", ", so I need",
    ),
    Dialect(
        "a picture", "OpenRouter", "2025", "documentation", IMAGES,
        stream({"role": "assistant", "content": "Here it is."},
               {"images": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}}]}),
        "Here it is.", media=(Image("image/png", "iVBORw0KGgo="),)),
    Dialect(
        "a picture and no word, at once", "OpenRouter", "2025", "documentation", IMAGES,
        b'{"choices":[{"message":{"role":"assistant","content":"","images":[{"type":"image_url","image_url":'
        b'{"url":"data:image/png;base64,iVBORw0KGgo="}}]},"finish_reason":"stop"}]}',
        media=(Image("image/png", "iVBORw0KGgo="),), content_type="application/json"),
    Dialect(
        "details with the same text, and encrypted ones", "OpenRouter", "2025", "made by hand", OPENROUTER,
        stream({"reasoning": "Hm", "reasoning_details": [{"type": "reasoning.text", "text": "Hm", "index": 0}]},
               {"reasoning": " so", "reasoning_details": [{"type": "reasoning.text", "text": " so", "index": 0}]},
               {"content": "", "reasoning_details": [{"type": "reasoning.encrypted", "data": "x"}]}, "Yes"),
        "Yes", "Hm so",
    ),
    Dialect("a summary in the details alone", "OpenRouter", "2025", "documentation", OPENROUTER,
            stream({"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm"}]}, "Yes"), "Yes", "Hm"),
    Dialect("an error in the choice", "OpenRouter", "2025", "documentation",
            "https://openrouter.ai/docs/api-reference/errors",
            sse(chunk(content="On"), '{"error":{"code":502,"message":"Provider disconnected"},"choices":[{"index":0,'
                '"delta":{"content":""},"finish_reason":"error"}]}'),
            "On", finish_reason="", outcome="server_failed", error=errors.ServerFailed, says="Provider disconnected"),
    Dialect("a rate limit inside 200", "OpenRouter", "2025", "documentation",
            "https://openrouter.ai/docs/api-reference/errors", sse('{"error":{"code":429,"message":"Slow down"}}'),
            finish_reason="", outcome="rate_limited", error=errors.RateLimited, says="Slow down"),
    # DeepSeek
    Dialect(
        "reasoning cut by the limit", "DeepSeek", "deepseek-v4-pro, August 2026", "recorded by others",
        AI_SDK + "deepseek/src/chat/__fixtures__/issue-19381-thinking-reasoning.chunks.txt",
        sse('{"model":"deepseek-v4-pro","choices":[{"index":0,"delta":{"role":"assistant","content":null,'
            '"reasoning_content":""},"finish_reason":null}],"usage":null}',
            '{"choices":[{"index":0,"delta":{"content":null,"reasoning_content":"We"},"finish_reason":null}]}',
            '{"choices":[{"index":0,"delta":{"content":null,"reasoning_content":" need"},"finish_reason":null}]}',
            '{"choices":[{"index":0,"delta":{"content":"","reasoning_content":null},"finish_reason":"length"}],'
            '"usage":{"prompt_tokens":87,"completion_tokens":2}}', "[DONE]"),
        "", "We need", finish_reason="length", usage=Usage(87, 2), outcome="length_limit", error=errors.LengthLimit,
    ),
    Dialect("keep-alive comments", "DeepSeek", "2025", "documentation",
            "https://api-docs.deepseek.com/quick_start/rate_limit",
            b": keep-alive\n\n" * 3 + stream("Hello"), "Hello"),
    Dialect("too busy to go on", "DeepSeek", "2025", "documentation",
            "https://api-docs.deepseek.com/api/create-chat-completion",
            stream("On", finish="insufficient_system_resource"),
            "On", finish_reason="", outcome="server_failed", error=errors.ServerFailed,
            says="insufficient_system_resource"),
    # Mistral
    Dialect(
        "content lists", "Mistral", "mistral-small, July 2026", "recorded by others",
        AI_SDK + "openai-compatible/src/chat/__fixtures__/issue-13703-mistral-thinking.chunks.txt",
        sse('{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}',
            '{"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":'
            '"Okay, the"}],"closed":true}]},"finish_reason":null}],"p":"abc"}',
            '{"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":" 1."}],'
            '"closed":true},{"type":"text","text":"3"}]},"finish_reason":null}]}',
            '{"choices":[{"index":0,"delta":{"content":"91"},"finish_reason":"stop"}],"usage":{"prompt_tokens":28,'
            '"total_tokens":167,"completion_tokens":139}}', "[DONE]"),
        "391", "Okay, the 1.", usage=Usage(28, 139),
    ),
    Dialect(
        "a whole call without a number", "Mistral", "mistral-small, January 2026", "recorded by others",
        AI_SDK + "mistral/src/__fixtures__/mistral-tool-call.chunks.txt",
        sse('{"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}',
            '{"choices":[{"index":0,"delta":{"content":null,"tool_calls":[{"id":"gSIM","function":{"name":"weather",'
            '"arguments":"{\\"location\\": \\"Rome\\"}"}}]},"finish_reason":"tool_calls"}],"usage":'
            '{"prompt_tokens":124,"completion_tokens":22}}', "[DONE]"),
        calls=wants("weather", '{"location": "Rome"}', "gSIM"), usage=Usage(124, 22),
        finish_reason="tool_calls", outcome="tool_call", error=errors.ToolCallWanted,
    ),
    Dialect("the model's own limit", "Mistral", "2025", "documentation", "https://docs.mistral.ai/api",
            stream("On", finish="model_length"), "On", finish_reason="length", outcome="length_limit",
            error=errors.LengthLimit),
    # Groq, Gemini, Perplexity
    Dialect(
        "counts under its own name", "Groq", "llama-3.3-70b, February 2026", "recorded by others",
        AI_SDK + "groq/src/__fixtures__/groq-tool-call.chunks.txt",
        sse('{"choices":[{"index":0,"delta":{"role":"assistant","content":null}}],"x_groq":{"id":"req_1"}}',
            '{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"tk8","type":"function","function":{"name":"weather",'
            '"arguments":"{}"},"index":0}]},"finish_reason":null}]}',
            '{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}],"x_groq":{"id":"req_1","usage":'
            '{"queue_time":0.04,"prompt_tokens":210,"completion_tokens":15}}}', "[DONE]"),
        calls=wants("weather", "{}", "tk8"), usage=Usage(210, 15),
        finish_reason="tool_calls", outcome="tool_call", error=errors.ToolCallWanted,
    ),
    Dialect("reasoning", "Groq", "2025, reasoning_format parsed", "documentation",
            "https://console.groq.com/docs/reasoning",
            stream({"reasoning": "Hm"}, "Yes"), "Yes", "Hm"),
    Dialect(
        "calls without numbers, ended by stop", "Gemini", "OpenAI-compatible, August 2026", "issue report", GEMINI,
        stream({"tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"x"'},
                                "extra_content": {"google": {"thought_signature": "s"}}}]},
               {"tool_calls": [{"function": {"arguments": ":1}"}}]},
               {"tool_calls": [{"extra_content": {"google": {"thought_signature": "s"}}}]}),
        calls=wants("f", '{"x":1}', "c1", '{"google": {"thought_signature": "s"}}'),
        outcome="tool_call", error=errors.ToolCallWanted,
    ),
    Dialect("a signature without a call", "Gemini", "OpenAI-compatible, 2026", "made by hand", GEMINI,
            stream("Hi", {"tool_calls": [{"extra_content": {"google": {"thought_signature": "s"}}}]}), "Hi"),
    Dialect(
        "all calls have number 0", "Gemini", "OpenAI-compatible, July 2026", "issue report",
        "https://github.com/NousResearch/hermes-agent/issues/62937",
        stream({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "f", "arguments": '{"d":1}'}}]},
               {"tool_calls": [{"index": 0, "id": "b", "function": {"name": "f", "arguments": '{"d":2}'}}]}),
        calls=(ToolCall("f", '{"d":1}', "a"), ToolCall("f", '{"d":2}', "b")),
        outcome="tool_call", error=errors.ToolCallWanted,
    ),
    Dialect("its own reason behind a colon", "Gemini", "OpenAI-compatible, 2026", "issue report",
            "https://github.com/agentjido/req_llm/issues/935",
            stream({"role": "assistant"}, finish="function_call_filter: MALFORMED_FUNCTION_CALL"),
            finish_reason="function_call_filter", outcome="empty_answer", error=errors.EmptyAnswer),
    Dialect("its own word for the limit", "Gemini", "through proxies", "documentation",
            "https://ai.google.dev/api/generate-content#FinishReason", stream("On", finish="MAX_TOKENS"),
            "On", finish_reason="length", outcome="length_limit", error=errors.LengthLimit),
    Dialect("its own word for the filter", "Gemini", "through proxies", "documentation",
            "https://ai.google.dev/api/generate-content#FinishReason", stream({}, finish="SAFETY"),
            finish_reason="content_filter", outcome="filtered", error=errors.Filtered),
    Dialect("an error in a list", "Gemini", "OpenAI-compatible, September 2025", "issue report",
            "https://github.com/FuzzAnything/PromptFuzz/issues/42",
            b'[{"error":{"code":400,"message":"Bad","status":"INVALID_ARGUMENT"}}]',
            finish_reason="", outcome="request_refused", error=errors.RequestRefused, says="Bad",
            content_type="application/json"),
    Dialect(
        "a last object of another name", "Perplexity", "sonar, September 2026", "recorded by others",
        AI_SDK + "perplexity/src/__fixtures__/perplexity-usage-raw-live.chunks.txt",
        sse('{"model":"sonar","usage":{"completion_tokens":1,"prompt_tokens":6},"object":"chat.completion.chunk",'
            '"choices":[{"index":0,"delta":{"role":"assistant","content":"OK"},"finish_reason":null}]}',
            '{"model":"sonar","usage":{"completion_tokens":1,"cost":{"total_cost":0.005},"prompt_tokens":6},"object":'
            '"chat.completion.done","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":'
            '"stop"}]}', "[DONE]"),
        "OK", usage=Usage(6, 1),
    ),
    Dialect(
        "the message so far beside each delta, sources", "Perplexity", "sonar, stream_mode full", "documentation",
        "https://docs.perplexity.ai/docs/sonar/pro-search/stream-mode.md",
        sse('{"citations":["https://a.example"],"choices":[{"index":0,"message":{"content":"Hel"},"delta":{"content":'
            '"Hel"}}]}',
            '{"search_results":[{"title":"A"}],"choices":[{"index":0,"finish_reason":"stop","message":{"content":'
            '"Hello"},"delta":{"content":"lo"}}]}'),
        "Hello",
    ),
    # MiniMax, Kimi and others
    Dialect(
        "details that repeat", "MiniMax", "M2, reasoning_split", "documentation", MINIMAX,
        stream({"reasoning_details": [{"text": "The"}]}, {"reasoning_details": [{"text": "The user"}]},
               {"reasoning_details": [{"text": "The user asks"}]}, "Yes, it", "Yes, it is"),
        "Yes, it is", "The user asks",
    ),
    Dialect(
        "details that do not repeat", "MiniMax", "M2.7 at api.minimaxi.com", "issue report",
        "https://github.com/MiniMax-AI/MiniMax-M2/issues/95",
        stream({"reasoning_details": [{"text": "a"}]}, {"reasoning_details": [{"text": "and"}]},
               {"reasoning_details": [{"text": " so"}]}, "Yes", " it is"),
        "Yes it is", "aand so",
    ),
    Dialect(
        "the same reasoning in tags and in a field", "MiniMax", "M3, without reasoning_split", "issue report",
        "https://github.com/vellum-ai/vellum-assistant/pull/34556",
        stream({"role": "", "content": "<think>The user", "reasoning_content": "The user"},
               {"content": " asks\n", "reasoning_content": " asks"}, "</think>\n\nYes"),
        "Yes", "The user asks",
    ),
    Dialect(
        "the whole answer again at the end", "MiniMax", "M3", "issue report",
        "https://github.com/ENTERPILOT/GoModel/pull/1068",
        sse(chunk(reasoning_content="Hm"), chunk(content="Yes"), '{"object":"chat.completion","choices":[{"index":0,'
            '"finish_reason":"stop","message":{"role":"assistant","content":"Yes","reasoning_content":"Hm"}}],"usage":'
            '{"prompt_tokens":9,"completion_tokens":2}}'),
        "Yes", "Hm", usage=Usage(9, 2),
    ),
    Dialect("an error of its own kind", "MiniMax", "2025", "documentation",
            "https://platform.minimax.io/docs/api-reference/errorcode",
            b'{"id":"","choices":null,"base_resp":{"status_code":1008,"status_msg":"insufficient balance"}}',
            finish_reason="", outcome="rate_limited", error=errors.RateLimited, says="insufficient balance",
            content_type="application/json"),
    Dialect(
        "counts in the choice", "Kimi", "kimi-k2.5, August 2026", "recorded by others",
        AI_SDK + "moonshotai/src/__fixtures__/moonshotai-stream-choice-usage.chunks.txt",
        sse('{"model":"kimi-k2.5","choices":[{"index":0,"delta":{"role":"assistant","content":""}}]}',
            '{"choices":[{"index":0,"delta":{"reasoning_content":""},"finish_reason":null}]}',
            '{"choices":[{"index":0,"delta":{"content":"OK"},"finish_reason":null}]}',
            '{"choices":[{"index":0,"delta":{"content":"."},"finish_reason":null}]}',
            '{"choices":[{"index":0,"delta":{},"finish_reason":"stop","usage":{"prompt_tokens":12,"completion_tokens":5}'
            '}]}', "[DONE]"),
        "OK.", usage=Usage(12, 5),
    ),
    Dialect(
        "calls told apart by their place", "Kimi", "kimi-k2.5, August 2026", "recorded by others",
        AI_SDK + "moonshotai/src/__fixtures__/moonshotai-stream-indexless-tool-calls.chunks.txt",
        sse('{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"weather_0","type":"function","function":{"name":'
            '"weather","arguments":""}},{"id":"time_1","function":{"name":"time","arguments":""}}]}}]}',
            '{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"{\\"l\\":\\"SF\\"}"}},{"function":'
            '{"arguments":"{\\"zone\\":\\"UTC\\"}"}}]}}]}',
            '{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls","usage":{"prompt_tokens":61,'
            '"completion_tokens":25}}]}', "[DONE]"),
        calls=(ToolCall("weather", '{"l":"SF"}', "weather_0"), ToolCall("time", '{"zone":"UTC"}', "time_1")),
        usage=Usage(61, 25), finish_reason="tool_calls", outcome="tool_call", error=errors.ToolCallWanted,
    ),
    Dialect("an error behind some text", "Kimi", "kimi-k3, 2026", "recorded by others",
            AI_SDK + "moonshotai/src/__fixtures__/moonshotai-stream-error.chunks.txt",
            sse('{"model":"kimi-k3","choices":[{"index":0,"delta":{"role":"assistant","content":"Partial"}}]}',
                '{"error":{"message":"Stream failed","type":"server_error","code":"stream_failure"}}'),
            "Partial", finish_reason="", outcome="server_failed", error=errors.ServerFailed, says="Stream failed"),
    Dialect("its word for the filter", "Zhipu", "GLM-4.6", "documentation",
            "https://docs.z.ai/api-reference/llm/chat-completion", stream("On", finish="sensitive"), "On",
            finish_reason="content_filter", outcome="filtered", error=errors.Filtered),
    Dialect("its word for the end", "Together", "2025", "source code",
            "https://github.com/togethercomputer/together-python/blob/main/src/together/types/common.py",
            stream("Hello", finish="eos"), "Hello", finish_reason="eos"),
    Dialect("arguments as an object", "a proxy of Ollama's own protocol", "2025", "documentation",
            "https://docs.ollama.com/api/chat",
            stream({"tool_calls": [{"function": {"name": "f", "arguments": {"x": 1}}}]},
                   {"tool_calls": [{"function": {"name": "g", "arguments": {}}}]}),
            calls=(ToolCall("f", '{"x": 1}', ""), ToolCall("g", "{}", "")), outcome="tool_call",
            error=errors.ToolCallWanted),
    Dialect("empty lists of calls on each chunk", "an OpenAI-compatible server", "2026", "recorded by others",
            AI_SDK + "openai-compatible/src/chat/__fixtures__/issue-20203-empty-tool-calls.chunks.txt",
            sse('{"choices":[{"index":0,"delta":{"role":"assistant","content":"","reasoning_content":"Think ",'
                '"tool_calls":[]}}]}', '{"choices":[{"index":0,"delta":{"content":"Hello","reasoning_content":"",'
                '"tool_calls":[]},"finish_reason":"stop"}]}'), "Hello", "Think "),
    Dialect("a message under another name", "Venice", "July 2026", "issue report",
            "https://github.com/NousResearch/hermes-agent/issues/68451",
            sse('{"error_type":"context_length_exceeded","error_message":"maximum context length is 163840 tokens"}'),
            finish_reason="", outcome="context_too_long", error=errors.ContextTooLong, says="163840"),
)  # fmt: skip
