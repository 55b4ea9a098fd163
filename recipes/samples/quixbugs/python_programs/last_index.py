def last_index(items, wanted):
    for i in range(len(items) - 1, 0, -1):
        if items[i] == wanted:
            return i
    return None


"""
Position of the last item that equals `wanted`, or None.

Example:
    >>> last_index([4, 7, 4], 4)
    2
"""
