"""The operator's document: one immutable ``Config``, and the ``Signals`` of the world around it."""
