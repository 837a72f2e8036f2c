"""Servers that people run themselves."""

from __future__ import annotations

from chat_app import errors
from chat_app.conversation.deltas import Usage
from chat_app.conversation.messages import ToolCall
from tests.endpoints.reading.dialects.table import Dialect, chunk, sse, stream, usage

OLLAMA = "https://github.com/ollama/ollama/blob/v0.12.0/openai/openai.go"
OLLAMA_BYTES = "https://github.com/g0t4/ask-openai.nvim, lua/ask-openai/backends/ollama/notes/sses.md"
LLAMA = "tests/llama_server.py (xllamacpp 2026.10)"
LLAMA_README = "https://github.com/ggml-org/llama.cpp/blob/master/tools/server/README.md"
VLLM = "https://docs.vllm.ai/en/latest/features/reasoning_outputs.html"
TGI_CODE = "https://github.com/huggingface/text-generation-inference/blob/v3.0.1/router/src/lib.rs"
LM = "https://lmstudio.ai/docs/developer/openai-compat/tools"

LLAMA_ROLE = (
    '{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}],"model":"toy",'
    '"system_fingerprint":"b0-unknown","object":"chat.completion.chunk"}'
)
LLAMA_COUNTS = (
    '{"choices":[],"model":"toy","object":"chat.completion.chunk","usage":{"completion_tokens":3,"prompt_tokens":22,'
    '"total_tokens":25,"prompt_tokens_details":{"cached_tokens":0}},"timings":{"cache_n":0,"prompt_n":22}}'
)


def llama(delta: str, finish: str = "null") -> str:
    """A chunk as this llama.cpp writes it."""
    return f'{{"choices":[{{"finish_reason":{finish},"index":0,"delta":{delta}}}],"model":"toy"}}'


def ollama(delta: str, finish: str = "null") -> str:
    """A chunk as Ollama writes it: the role again and again."""
    choice = f'{{"index":0,"delta":{{"role":"assistant",{delta}}},"finish_reason":{finish}}}'
    return f'{{"id":"chatcmpl-18","model":"qwen","system_fingerprint":"fp_ollama","choices":[{choice}]}}'


DEMO_COUNTS = (
    '{"id": "chatcmpl-demo", "created": 0, "object": "chat.completion.chunk", "model": "demo", "choices": [], '
    '"usage": {"prompt_tokens": 1, "completion_tokens": 13, "total_tokens": 14}}'
)


def demo(delta: str, finish: str = "null") -> str:
    """A chunk as the demo writes it."""
    return f'{{"model": "demo", "choices": [{{"index": 0, {delta}, "finish_reason": {finish}}}]}}'


LOCAL: tuple[Dialect, ...] = (
    # Ollama
    Dialect(
        "one chunk with text and end", "Ollama", "0.6", "recorded by others", OLLAMA_BYTES,
        sse(ollama('"content":"My name is Ben."', '"stop"'), "[DONE]"), "My name is Ben.",
    ),
    Dialect(
        "two calls, each whole", "Ollama", "0.6", "recorded by others", OLLAMA_BYTES,
        sse(
            ollama('"content":"","tool_calls":[{"id":"call_1","index":0,"type":"function","function":'
                   '{"name":"run","arguments":"{\\"command\\":\\"ls\\"}"}}]'),
            ollama('"content":"","tool_calls":[{"id":"call_2","index":1,"type":"function","function":'
                   '{"name":"run","arguments":"{\\"command\\":\\"ls -l\\"}"}}]'),
            ollama('"content":""', '"tool_calls"'), "[DONE]",
        ),
        calls=(ToolCall("run", '{"command":"ls"}', "call_1"), ToolCall("run", '{"command":"ls -l"}', "call_2")),
        finish_reason="tool_calls", outcome="tool_call", error=errors.ToolCallWanted, says="run",
    ),
    Dialect(
        "reasoning beside empty content", "Ollama", "0.12", "source code", OLLAMA,
        sse(ollama('"content":"","reasoning":"Hm"'), ollama('"content":"Yes"'), ollama('"content":""', '"stop"'),
            usage(9, 2), "[DONE]"),
        "Yes", "Hm", usage=Usage(9, 2),
    ),
    Dialect(
        "cut by num_predict", "Ollama", "0.12", "source code", OLLAMA,
        sse(ollama('"content":"Once"'), ollama('"content":""', '"length"'), "[DONE]"),
        "Once", finish_reason="length", outcome="length_limit", error=errors.LengthLimit, says="token limit",
    ),
    Dialect(
        "the runner dies", "Ollama", "0.12", "source code", OLLAMA,
        sse(ollama('"content":"On"')) + b'data: {"error":{"message":"llama runner process has terminated",'
        b'"type":"api_error","param":null,"code":null}}\n\n',
        "On", finish_reason="", outcome="server_failed", error=errors.ServerFailed, says="runner process",
    ),
    Dialect(
        "its own protocol, from /api/chat", "Ollama", "0.12", "documentation",
        "https://docs.ollama.com/api/chat",
        b'{"model":"m","message":{"role":"assistant","content":"Hi"},"done":false}\n'
        b'{"model":"m","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}\n',
        finish_reason="", outcome="not_openai", error=errors.NotOpenAI, says="not the OpenAI protocol",
        content_type="application/x-ndjson",
    ),
    # llama.cpp
    Dialect(
        "cut by max_tokens, counts and timings", "llama.cpp", "xllamacpp 2026.10", "recorded here", LLAMA,
        sse(LLAMA_ROLE, llama('{"content":"Hello!"}'), llama('{"content":" I"}'), llama("{}", '"length"'),
            LLAMA_COUNTS, "[DONE]"),
        "Hello! I", finish_reason="length", usage=Usage(22, 3), outcome="length_limit", error=errors.LengthLimit,
    ),
    Dialect(
        "not streamed", "llama.cpp", "xllamacpp 2026.10", "recorded here", LLAMA,
        b'{"choices":[{"finish_reason":"length","index":0,"message":{"role":"assistant","content":"Hello! I am"}}],'
        b'"model":"toy","object":"chat.completion","usage":{"completion_tokens":3,"prompt_tokens":22}}',
        "Hello! I am", finish_reason="length", usage=Usage(22, 3), outcome="length_limit", error=errors.LengthLimit,
        content_type="application/json",
    ),
    Dialect(
        "reasoning_content", "llama.cpp", "xllamacpp 2026.10", "recorded here", LLAMA,
        sse(LLAMA_ROLE, llama('{"reasoning_content":"The"}'), llama('{"reasoning_content":" user"}'),
            llama('{"content":"After"}'), llama("{}", '"stop"'), "[DONE]"),
        "After", "The user",
    ),
    Dialect(
        "tags, with reasoning_format none", "llama.cpp", "xllamacpp 2026.10", "recorded here", LLAMA,
        sse(LLAMA_ROLE, llama('{"content":"<think>"}'), llama('{"content":"\\nThe"}'),
            llama('{"content":" step: pick"}'), llama('{"content":" 42."}'), llama('{"content":"\\n</think>"}'),
            llama('{"content":"\\n\\nAfter"}'), llama('{"content":" **42**."}'), llama("{}", '"stop"'), "[DONE]"),
        "After **42**.", "The step: pick 42.\n",
    ),
    Dialect(
        "a call in pieces", "llama.cpp", "xllamacpp 2026.10", "recorded here", LLAMA,
        sse(
            LLAMA_ROLE,
            llama('{"tool_calls":[{"index":0,"id":"94RD","type":"function","function":{"name":"get_weather",'
                  '"arguments":"{"}}]}'),
            llama('{"tool_calls":[{"index":0,"function":{"arguments":"\\"city\\":"}}]}'),
            llama('{"tool_calls":[{"index":0,"function":{"arguments":" \\"Paris\\"}"}}]}'),
            llama("{}", '"tool_calls"'), "[DONE]",
        ),
        calls=(ToolCall("get_weather", '{"city": "Paris"}', "94RD"),),
        finish_reason="tool_calls", outcome="tool_call", error=errors.ToolCallWanted, says="get_weather",
    ),
    Dialect(
        "a call, not streamed", "llama.cpp", "xllamacpp 2026.10", "recorded here", LLAMA,
        b'{"choices":[{"finish_reason":"tool_calls","index":0,"message":{"role":"assistant","content":"","tool_calls":'
        b'[{"type":"function","function":{"name":"get_weather","arguments":"{\\"city\\": \\"Paris\\"}"},'
        b'"id":"w9R"}]}}],'
        b'"model":"toy","usage":{"completion_tokens":10,"prompt_tokens":312}}',
        calls=(ToolCall("get_weather", '{"city": "Paris"}', "w9R"),), usage=Usage(312, 10),
        finish_reason="tool_calls", outcome="tool_call", error=errors.ToolCallWanted, content_type="application/json",
    ),
    Dialect(
        "nothing", "llama.cpp", "xllamacpp 2026.10", "recorded here", LLAMA,
        sse(LLAMA_ROLE, llama("{}", '"stop"'), "[DONE]"), outcome="empty_answer", error=errors.EmptyAnswer,
    ),
    Dialect(
        "completions-style text", "llama.cpp", "xllamacpp 2026.10, /v1/completions", "recorded here", LLAMA,
        sse('{"choices":[{"text":"\\ndef","index":0,"logprobs":null,"finish_reason":null}],"model":"toy"}',
            '{"choices":[{"text":" add(a,","index":0,"logprobs":null,"finish_reason":null}],"model":"toy"}',
            '{"choices":[{"text":"","index":0,"finish_reason":"length"}],"usage":{"completion_tokens":2,'
            '"prompt_tokens":2}}', "[DONE]"),
        "\ndef add(a,", finish_reason="length", usage=Usage(2, 2), outcome="length_limit", error=errors.LengthLimit,
    ),
    Dialect(
        "its own protocol, from /completion", "llama.cpp", "xllamacpp 2026.10", "recorded here", LLAMA,
        sse('{"index":0,"content":" 3668","tokens":[3959],"stop":false}', '{"index":0,"content":"","stop":true}'),
        finish_reason="", outcome="stream_cut", error=errors.StreamCut,
    ),
    Dialect(
        "an error body whose status was lost on the way", "llama.cpp", "xllamacpp 2026.10", "recorded here", LLAMA,
        b'{"error":{"code":400,"message":"Field \'n\': Value must be between 1 <= value <= 1, but got 2",'
        b'"type":"invalid_request_error"}}',
        finish_reason="", outcome="request_refused", error=errors.RequestRefused, says="Field 'n'",
        content_type="application/json",
    ),
    Dialect(
        "an `error:` line", "llama.cpp", "b2000 to b5000", "source code",
        "https://github.com/ggml-org/llama.cpp/blob/b4000/examples/server/server.cpp",
        sse(chunk(content="On")) + b'error: {"code":500,"message":"slot unavailable","type":"server_error"}\n\n',
        "On", finish_reason="", outcome="server_failed", error=errors.ServerFailed, says="slot unavailable",
    ),
    Dialect(
        "no [DONE]", "llama.cpp", "b3000", "source code",
        "https://github.com/ggml-org/llama.cpp/blob/b3000/examples/server/server.cpp",
        stream("Hello", done=False), "Hello",
    ),
    Dialect(
        "reasoning, counts on the last chunk", "llama.cpp", "b6097", "recorded by others",
        "https://github.com/g0t4/ask-openai.nvim, lua/ask-openai/rewrites/harmony/NOTES.md",
        sse('{"choices":[{"finish_reason":null,"index":0,"delta":{"role":"assistant","content":null}}]}',
            '{"choices":[{"finish_reason":null,"index":0,"delta":{"reasoning_content":"We"}}]}',
            '{"choices":[{"finish_reason":null,"index":0,"delta":{"content":"Hi"}}]}',
            '{"choices":[{"finish_reason":"stop","index":0,"delta":{}}],"usage":{"completion_tokens":247,'
            '"prompt_tokens":1085},"timings":{"prompt_n":1085}}', "[DONE]"),
        "Hi", "We", usage=Usage(1085, 247),
    ),
    # vLLM
    Dialect(
        "reasoning_content", "vLLM", "0.8", "documentation",
        "https://docs.vllm.ai/en/v0.8.3/features/reasoning_outputs.html",
        stream({"role": "assistant", "content": ""}, {"reasoning_content": "is"}, {"content": "9.8"}), "9.8", "is",
    ),
    Dialect(
        "reasoning", "vLLM", "0.11.1 or newer", "documentation", VLLM,
        stream({"role": "assistant", "content": ""}, {"reasoning": "is"}, {"content": "\n\n9.8"}), "9.8", "is",
    ),
    Dialect(
        "both names with one text", "vLLM", "0.11 to 0.12", "source code",
        "https://github.com/vllm-project/vllm/blob/v0.11.1/vllm/entrypoints/openai/protocol.py",
        stream({"reasoning": "is", "reasoning_content": "is"}, "9.8"), "9.8", "is",
    ),
    Dialect(
        "counts on each chunk, growing", "vLLM", "0.8, continuous_usage_stats", "issue report",
        "https://github.com/foundation-model-stack/fms-guardrails-orchestrator/pull/515",
        sse('{"choices":[{"index":0,"text":"\\nI love","finish_reason":null}],"usage":{"prompt_tokens":18,'
            '"completion_tokens":3}}',
            '{"choices":[{"index":0,"text":".","finish_reason":"length","stop_reason":null}],"usage":'
            '{"prompt_tokens":18,"completion_tokens":6}}', "[DONE]"),
        "\nI love.", finish_reason="length", usage=Usage(18, 6), outcome="length_limit", error=errors.LengthLimit,
    ),
    Dialect(
        "aborted, and yet [DONE]", "vLLM", "September 2026", "issue report", "https://github.com/vllm-project/vllm/issues/57082",
        stream("On", finish="abort"), "On", finish_reason="",
        outcome="server_failed", error=errors.ServerFailed, says="abort",
    ),
    Dialect(
        "a flat error", "vLLM", "0.6", "source code",
        "https://github.com/vllm-project/vllm/blob/v0.6.0/vllm/entrypoints/openai/protocol.py",
        sse('{"object":"error","message":"bad","type":"BadRequestError","param":null,"code":400}', "[DONE]"),
        finish_reason="", outcome="request_refused", error=errors.RequestRefused, says="bad",
    ),
    Dialect(
        "an error with its number", "vLLM", "0.11", "source code",
        "https://github.com/vllm-project/vllm/blob/v0.11.0/vllm/entrypoints/openai/protocol.py",
        sse('{"error":{"message":"EngineCore encountered an issue.","type":"InternalServerError","code":500}}',
            "[DONE]"),
        finish_reason="", outcome="server_failed", error=errors.ServerFailed, says="(HTTP 500): EngineCore",
    ),
    Dialect(
        "a new id for each piece of a call", "vLLM", "0.6", "source code",
        "https://github.com/vllm-project/vllm/blob/v0.6.4/vllm/entrypoints/openai/protocol.py",
        stream(
            {"tool_calls": [{"id": "a", "index": 0, "function": {"name": "f"}}]},
            {"tool_calls": [{"id": "b", "index": 0, "function": {"arguments": '{"x"'}}]},
            {"tool_calls": [{"id": "c", "index": 0, "function": {"arguments": ": 1}"}}]},
            finish="tool_calls",
        ),
        calls=(ToolCall("f", '{"x": 1}', "a"),),
        finish_reason="tool_calls", outcome="tool_call", error=errors.ToolCallWanted,
    ),
    Dialect(
        "only the closing tag, without a reasoning parser", "vLLM", "0.8, DeepSeek-R1", "documentation",
        "https://huggingface.co/deepseek-ai/DeepSeek-R1/blob/main/tokenizer_config.json",
        stream("Okay,", " so\n</th", "ink>\n\nParis", "."), "Paris.", "Okay, so\n",
    ),
    # SGLang
    Dialect(
        "nulls beside everything", "SGLang", "0.5", "issue report", "https://github.com/sgl-project/sglang/pull/19895",
        stream({"role": "assistant", "content": "3", "reasoning_content": None},
               {"role": "assistant", "content": ",", "reasoning_content": None, "tool_calls": None}), "3,",
    ),
    Dialect(
        "the scheduler gives up", "SGLang", "0.4.6", "issue report", "https://github.com/sgl-project/sglang/pull/6693",
        stream("On", finish="abort"), "On", finish_reason="",
        outcome="server_failed", error=errors.ServerFailed, says="abort",
    ),
    Dialect(
        "an error in the stream", "SGLang", "0.5", "source code",
        "https://github.com/sgl-project/sglang/blob/v0.5.0/python/sglang/srt/entrypoints/openai/serving_base.py",
        sse('{"error":{"object":"error","message":"The input (12 tokens) is longer than the model\'s context length '
            '(8 tokens).","type":"BadRequestError","code":400}}', "[DONE]"),
        finish_reason="", outcome="context_too_long", error=errors.ContextTooLong, says="8 tokens",
    ),
    # TGI
    Dialect(
        "empty ids, usage null", "TGI", "3.0.1-sha-bb9095a", "made by hand", TGI_CODE,
        sse('{"object":"chat.completion.chunk","id":"","model":"google/gemma-2-2b-it","choices":[{"index":0,"delta":'
            '{"role":"assistant","content":"Why"},"logprobs":null,"finish_reason":null}],"usage":null}',
            '{"object":"chat.completion.chunk","id":"","choices":[{"index":0,"delta":{"role":"assistant","content":""},'
            '"logprobs":null,"finish_reason":"stop"}],"usage":null}', "[DONE]"),
        "Why",
    ),
    Dialect(
        "ends with eos_token, and `data:` without a space", "TGI", "1.4", "source code",
        "https://github.com/huggingface/text-generation-inference/blob/v1.4.0/router/src/lib.rs",
        b'data:{"id":"","model":"","choices":[{"index":0,"delta":{"content":"Both"},"finish_reason":null}]}\n\n'
        b'data:{"id":"","model":"","choices":[{"index":0,"delta":{"content":""},"finish_reason":"eos_token"}]}\n\n',
        "Both", finish_reason="eos_token",
    ),
    Dialect(
        "out of memory", "TGI", "3.0.1", "source code", TGI_CODE,
        sse('{"error":"Request failed during generation: CUDA out of memory","error_type":"generation"}'),
        finish_reason="", outcome="server_failed", error=errors.ServerFailed, says="CUDA out of memory",
    ),
    # LM Studio
    Dialect(
        "a call in pieces", "LM Studio", "0.3", "documentation", LM,
        stream(
            {"role": "assistant", "tool_calls": [{"index": 0, "id": "7", "function": {"name": "f", "arguments": ""}}]},
            {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
            finish="tool_calls",
        ),
        calls=(ToolCall("f", "{}", "7"),), finish_reason="tool_calls", outcome="tool_call", error=errors.ToolCallWanted,
    ),
    Dialect(
        "an error event with status 200", "LM Studio", "0.4.21", "issue report",
        "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/2322",
        b'event: error\ndata: {"error":{"message":"The number of tokens to keep from the initial prompt is greater '
        b'than the context length."}}\n\n',
        finish_reason="", outcome="context_too_long", error=errors.ContextTooLong,
        says="greater than the context length",
    ),
    Dialect(
        "a prompt too long, and no word of it", "LM Studio", "0.3", "issue report",
        "https://github.com/lmstudio-ai/lmstudio-bug-tracker/issues/2339",
        sse(chunk(role="assistant"), chunk("stop"), usage(36000, 0), "[DONE]"),
        usage=Usage(36000, 0), outcome="empty_answer", error=errors.EmptyAnswer,
    ),
    # transformers serve, LiteLLM
    Dialect(
        "counts with the end, no [DONE]", "transformers serve", "4.55", "source code",
        "https://github.com/huggingface/transformers/blob/v4.55.0/src/transformers/commands/serving.py",
        sse(chunk(role="assistant"), chunk(content="Hello"),
            '{"choices":[{"index":0,"delta":{},"finish_reason":"length"}],"usage":{"prompt_tokens":9,'
            '"completion_tokens":2,"total_tokens":11}}'),
        "Hello", finish_reason="length", usage=Usage(9, 2), outcome="length_limit", error=errors.LengthLimit,
    ),
    Dialect(
        "counts in a chunk with an empty delta", "LiteLLM", "1.83", "source code",
        "https://github.com/BerriAI/litellm/blob/main/litellm/litellm_core_utils/streaming_handler.py",
        sse(chunk(content="Hello", role="assistant"), chunk("stop"),
            '{"choices":[{"index":0,"delta":{}}],"usage":{"completion_tokens":2,"prompt_tokens":9}}', "[DONE]"),
        "Hello", usage=Usage(9, 2),
    ),
    Dialect(
        "thinking blocks beside reasoning_content", "LiteLLM", "1.83", "documentation",
        "https://docs.litellm.ai/docs/reasoning_content",
        stream({"reasoning_content": "Hm", "thinking_blocks": [{"type": "thinking", "thinking": "Hm"}]}, "Yes"),
        "Yes", "Hm",
    ),
    Dialect(
        "a traceback as its message, code a text", "LiteLLM", "1.43", "issue report",
        "https://github.com/BerriAI/litellm/issues/5175",
        sse('{"error": {"message": "litellm.APIConnectionError: Extra data: line 1 column 8 (char 7)\\nTraceback (most '
            'recent call last):\\n  File \\"utils.py\\"", "type": null, "param": null, "code": "500"}}'),
        finish_reason="", outcome="server_failed", error=errors.ServerFailed, says="(HTTP 500): litellm.APIConn",
    ),
    # The demo
    Dialect(
        "reasoning, text, counts", "demo server", "this one", "recorded here", "chat_app/endpoints/demo.py",
        sse(demo('"delta": {"role": "assistant", "content": ""}'), demo('"delta": {"reasoning_content": "The"}'),
            demo('"delta": {"reasoning_content": " question"}'), demo('"delta": {"content": " **42**."}'),
            demo('"delta": {}', '"stop"'), DEMO_COUNTS, "[DONE]"),
        "**42**.", "The question", usage=Usage(1, 13),
    ),
    Dialect(
        "filtered", "demo server", "this one", "recorded here", "chat_app/endpoints/demo.py",
        sse(demo('"delta": {"content": "This"}'), demo('"delta": {}', '"content_filter"'), DEMO_COUNTS, "[DONE]"),
        "This", finish_reason="content_filter", usage=Usage(1, 13), outcome="filtered", error=errors.Filtered,
    ),
)  # fmt: skip
