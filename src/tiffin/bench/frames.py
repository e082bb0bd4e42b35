"""WebSocket frames by hand (RFC 6455, section 5.2): a client's, masked with zeros, and a server's."""


def masked_frame(payload: bytes) -> bytes:
    """A client's text frame of at most 65,535 bytes."""
    size = len(payload)
    head = bytes((0x81, 0x80 | size)) if size < 126 else b"\x81\xfe" + size.to_bytes(2, "big")
    return head + b"\0\0\0\0" + payload


def split_frames(data: bytes) -> tuple[list[bytes], bytes]:
    """The payloads of the whole frames that a server sent, and what is left of the next one."""
    payloads: list[bytes] = []
    at, end = 0, len(data)
    while end - at >= 2:
        size, begin = data[at + 1], at + 2
        if size == 126:
            size, begin = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
        elif size == 127:
            size, begin = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
        if begin + size > end:
            break
        payloads.append(data[begin : begin + size])
        at = begin + size
    return payloads, data[at:]
