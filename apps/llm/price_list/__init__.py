"""What the published price list of the package genai-prices says, asked without keeping it.

`reading` is run by a process of its own, because the list takes half a second and 24 MB to load;
`asking` runs it. Nothing here uses the network.
"""
