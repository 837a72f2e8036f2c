"""What a model may call, and the calls: MCP servers, Python functions and the display tools.

    toolbox.py        all of them, and the toolbox of each preset
    offers.py         one tool as a model is offered it: its name, who runs it, how much of a result is told
    functions.py      Python callables
    displays.py       show_plot, show_table, show_gallery, show_html, offer_replies
    plotly.py         which figures the page can draw
    vega.py           Vega-Lite as a picture, drawn in a process of its own: vega_process.py
    schemas.py        JSON schemas as models read them best
    pictures.py       pictures and recordings that come from outside, looked at before they are shown
    mcp_servers.py    a server of the Model Context Protocol, connected when it is needed and kept
    mcp_connection.py one session with such a server, from its start to its end
    mcp_results.py    what such a server answers, as neutral values
    mcp_problems.py   what goes wrong with such a server, in plain words
    stderr_log.py     what a started server says on its standard error

The only folder that knows `mcp`, which is an extra: the `mcp_…` modules are imported when a server is configured.
"""
