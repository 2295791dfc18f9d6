"""The only place that knows LangChain and the model server.

`contract` holds the values and the protocol that others use, `factory` makes the gateway. Both are
cheap to import; everything that needs LangChain is imported when the first gateway is built.
"""
