"""A peer as a long-lived process: it loads once, then answers lines of JSON with lines of JSON.

A peer is an object with
    prefill(ids)       from an empty cache: all ids in one pass, the logits of the last, the likeliest token
    step(id)           one more token behind what is in the cache: its logits, the likeliest token
    logits(ids)        those of every position, as a table of numbers
    about()            what it is, in words
Both passes return that token, so that every one of them ends with a choice. Times are taken here, around nothing but
the passes: neither loading nor Python's start nor the talk with the conductor is in them.
"""

import json
import os
import sys
import time

import numpy


def serve(peer):
    # What libraries print must not get between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for line in sys.stdin:
        answers.write(json.dumps(answer(peer, json.loads(line))) + "\n")
        answers.flush()


def answer(peer, asked):
    match asked["do"]:
        case "prefill":
            return {"seconds": [prefill(peer, asked["ids"]) for _ in range(asked["times"])]}
        case "decode":
            return {"seconds": [decode(peer, asked["ids"], asked["steps"]) for _ in range(asked["times"])]}
        case "logits":
            numpy.save(asked["to"], numpy.asarray(peer.logits(asked["ids"]), numpy.float32))
            return {}
        case "memory":
            return {"resident": status("VmRSS"), "peak": status("VmHWM")}
        case "about":
            return peer.about()


def prefill(peer, ids):
    """Seconds from the prompt to the first token."""
    began = time.perf_counter()
    peer.prefill(ids)
    return time.perf_counter() - began


def decode(peer, ids, steps):
    """Seconds for all the steps that follow a prompt, each from a token to the next."""
    token = peer.prefill(ids)
    began = time.perf_counter()
    for _ in range(steps):
        token = peer.step(token)
    return time.perf_counter() - began


def status(field):
    """A size of this process, in bytes; None where the system does not say."""
    try:
        with open("/proc/self/status") as file:
            lines = [line.split() for line in file]
    except OSError:
        return None
    return next((int(words[1]) * 1024 for words in lines if words[0] == field + ":"), None)
