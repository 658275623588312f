"""What a board past one machine costs, computed: `python -m bench.scale`."""
