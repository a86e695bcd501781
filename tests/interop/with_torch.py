"""Reads a trace with PyTorch's own analysis of profiles (2.11), and adds up what PyTorch makes of the shapes.

    python with_torch.py TRACE

Prints FLOPs. Runs in a Python that has PyTorch; its packages are too large to be fetched for a check.
"""

import sys

from torch._inductor.analysis.profile_analysis import JsonProfile


def main():
    profile = JsonProfile(sys.argv[1], dtype="float")
    # Refuses operators whose numbers are not all different.
    profile.augment_trace()
    print(sum(profile.calculate_flops(event) for event in profile.events if event.get("cat") == "cpu_op"))


main()
